package dev.slipstream.zoo;

import dev.slipstream.cache.CacheKey;
import dev.slipstream.cache.PrefixCache;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Speculation;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.schedule.BatchingGenerator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens models by name or place. */
public final class Models {
    private Models() {}

    /** Returns the names of the models that lie in jars on the class path, the default first. */
    public static List<String> embedded() {
        return EmbeddedModels.names();
    }

    /**
     * Opens a model with {@link LoadOptions#defaults()}.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     */
    public static BatchingGenerator load(String location) {
        return load(location, LoadOptions.defaults());
    }

    /**
     * Opens a model for many callers: their requests are decoded together, others wait in a queue.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how to open it
     * @throws dev.slipstream.checkpoint.CheckpointException if its files cannot be opened: which
     *     one, what was expected, what was found
     * @throws dev.slipstream.graph.GraphException if an ONNX file is damaged or inconsistent
     * @throws dev.slipstream.runtime.InferenceException if an ONNX file is not a decoder
     */
    public static BatchingGenerator load(String location, LoadOptions options) {
        return new BatchingGenerator(open(location, options), options.batching());
    }

    /**
     * Opens a model without a queue: every request runs at once, in its caller's thread.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how to open it
     * @throws dev.slipstream.checkpoint.CheckpointException if its files cannot be opened: which
     *     one, what was expected, what was found
     * @throws dev.slipstream.graph.GraphException if an ONNX file is damaged or inconsistent
     * @throws dev.slipstream.runtime.InferenceException if an ONNX file is not a decoder
     */
    public static AutoregressiveGenerator open(String location, LoadOptions options) {
        ModelSource source = ModelSource.find(location, options.precision());
        ModelOpener.Opened opened = new ModelOpener(options).open(source);
        Speculation speculation = null;
        try {
            speculation = new DraftingOpener(options).open(opened.model());
            return new AutoregressiveGenerator(
                    opened.model(), speculation, cache(opened, options.cache()));
        } catch (RuntimeException e) {
            if (speculation != null) {
                speculation.close();
            }
            opened.model().close();
            throw e;
        }
    }

    private static @Nullable PrefixCache cache(ModelOpener.Opened opened, CacheOptions options) {
        if (options.bytes() == 0) {
            return null;
        }
        return options.file() == null
                ? new PrefixCache(opened.model().decoder(), options.bytes())
                : PrefixCache.kept(
                        opened.model().decoder(),
                        options.bytes(),
                        options.file(),
                        CacheKey.of(opened.graph(), opened.model().decoder()));
    }

    /**
     * Returns a model's graph without running it: as it is written from a checkpoint, or as it was
     * exported.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how it would be opened
     * @throws dev.slipstream.checkpoint.CheckpointException if it cannot be read
     * @throws dev.slipstream.graph.GraphException if an ONNX file is damaged or inconsistent
     */
    public static OnnxModel graph(String location, LoadOptions options) {
        ModelSource source = ModelSource.find(location, options.precision());
        return new ModelOpener(options).graph(source);
    }
}
