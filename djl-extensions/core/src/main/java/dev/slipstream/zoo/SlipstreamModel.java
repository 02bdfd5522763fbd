package dev.slipstream.zoo;

import ai.djl.BaseModel;
import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.graph.GraphException;
import dev.slipstream.pass.PassException;
import dev.slipstream.runtime.InferenceException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A DJL model whose block generates text; it owns the generator. */
final class SlipstreamModel extends BaseModel {
    private final @Nullable Device device;
    private @Nullable TextGenerator generator;

    /**
     * Constructs a model that is not loaded yet.
     *
     * @param device where it runs if no option says so; null takes the processor
     */
    SlipstreamModel(String name, NDManager manager, @Nullable Device device) {
        super(name);
        this.device = device;
        this.manager = manager;
        this.dataType = DataType.FLOAT32;
    }

    /**
     * Opens a model.
     *
     * @param path a model directory, an ONNX file, or as a relative path the name of an embedded
     *     model
     * @param prefix not used
     * @param options see {@link LoadArguments}
     * @throws MalformedModelException if it cannot be opened
     */
    @Override
    public void load(Path path, @Nullable String prefix, @Nullable Map<String, ?> options)
            throws MalformedModelException {
        try {
            TextGenerator opened =
                    Models.load(
                            path.toString(),
                            LoadArguments.read(options == null ? Map.of() : options, device));
            generator = opened;
            modelDir = path;
            block = new GenerationBlock(opened);
            wasLoaded = true;
        } catch (CheckpointException
                | GraphException
                | InferenceException
                | PassException
                | IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        if (generator != null) {
            generator.close();
        }
        super.close();
    }
}
