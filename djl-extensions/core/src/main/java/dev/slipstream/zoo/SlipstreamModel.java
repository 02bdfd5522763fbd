package dev.slipstream.zoo;

import ai.djl.BaseModel;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.graph.GraphException;
import dev.slipstream.runtime.InferenceException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A DJL model whose block generates text; it owns the generator. */
final class SlipstreamModel extends BaseModel {
    private @Nullable TextGenerator generator;

    SlipstreamModel(String name, NDManager manager) {
        super(name);
        this.manager = manager;
        this.dataType = DataType.FLOAT32;
    }

    /**
     * Opens a model.
     *
     * @param path a model directory, an ONNX file, or as a relative path the name of an embedded
     *     model
     * @param prefix not used
     * @param options {@code precision} (fp32, int8, int4), {@code contextLength}, {@code threads},
     *     {@code maxActive}, {@code maxQueued}
     * @throws MalformedModelException if it cannot be opened
     */
    @Override
    public void load(Path path, @Nullable String prefix, @Nullable Map<String, ?> options)
            throws MalformedModelException {
        try {
            TextGenerator opened =
                    Models.load(path.toString(), options(options == null ? Map.of() : options));
            generator = opened;
            modelDir = path;
            block = new GenerationBlock(opened);
            wasLoaded = true;
        } catch (CheckpointException
                | GraphException
                | InferenceException
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

    private static LoadOptions options(Map<String, ?> options) {
        LoadOptions defaults = LoadOptions.defaults();
        Object precision = options.get("precision");
        return new LoadOptions(
                precision == null ? defaults.precision() : precision(precision.toString()),
                number(options, "contextLength", defaults.contextLength()),
                number(options, "threads", defaults.threads()),
                number(options, "maxActive", defaults.maxActive()),
                number(options, "maxQueued", defaults.maxQueued()));
    }

    private static Precision precision(String value) {
        try {
            return Precision.valueOf(value.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "option precision: expected fp32, int8 or int4, found " + value, e);
        }
    }

    private static int number(Map<String, ?> options, String name, int absent) {
        Object value = options.get(name);
        try {
            return value == null ? absent : Integer.parseInt(value.toString());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "option %s: expected a whole number, found %s".formatted(name, value), e);
        }
    }
}
