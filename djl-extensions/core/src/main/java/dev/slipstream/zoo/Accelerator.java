package dev.slipstream.zoo;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.PassCache;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.pass.PipelineProgress;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.store.DirectoryStore;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Does to a model's graph what the plan of its load options says. */
final class Accelerator {
    private static final System.Logger LOGGER = System.getLogger(Accelerator.class.getName());

    private final LoadOptions options;

    Accelerator(LoadOptions options) {
        this.options = options;
    }

    /**
     * Returns the whole plan: weights of a checkpoint end in the precision of the options, unless
     * the plan says itself how they are packed.
     */
    Plan plan(ModelSource source) {
        Plan plan = options.plan();
        boolean pack =
                !plan.isEmpty()
                        && !plan.quantises()
                        && options.precision() != Precision.FP32
                        && !(source instanceof ModelSource.Onnx);
        return pack
                ? plan.then(
                        new PassSpec(
                                Plan.QUANTISE,
                                Map.of(
                                        "weights",
                                        options.precision().name().toLowerCase(Locale.ROOT))))
                : plan;
    }

    /**
     * Returns the graph to run: the source's own if there is no plan, or what the cache has or
     * gets.
     *
     * @param tokenizer reads the calibration text; may be null where the plan has none
     */
    OnnxModel graph(ModelSource source, SourceGraph read, @Nullable Tokenizer tokenizer) {
        Plan plan = plan(source);
        if (plan.isEmpty()) {
            return read.graph();
        }
        Pipeline pipeline = plan.pipeline();
        Calibration calibration = calibration(read, tokenizer);
        Path directory = options.cacheDirectory();
        PassCache cache =
                new PassCache(
                        directory == null ? DirectoryStore.defaultDirectory() : directory,
                        options.cacheLimit());
        String key = PassCache.key(read.graph(), plan.inOrder(), calibration);
        return cache.get(
                        key,
                        () ->
                                pipeline.apply(
                                        read.graph(),
                                        calibration,
                                        pass ->
                                                LOGGER.log(
                                                        System.Logger.Level.INFO,
                                                        "{0}: applies {1}",
                                                        source.name(),
                                                        pass.spec())))
                .graph();
    }

    /** Applies the plan whatever the cache has. */
    Pipeline.Result make(
            ModelSource source,
            SourceGraph read,
            @Nullable Tokenizer tokenizer,
            PipelineProgress progress) {
        Pipeline pipeline = plan(source).pipeline();
        return pipeline.apply(read.graph(), calibration(read, tokenizer), progress);
    }

    private @Nullable Calibration calibration(SourceGraph read, @Nullable Tokenizer tokenizer) {
        CalibrationText text = options.plan().calibration();
        if (text == null) {
            return null;
        }
        if (tokenizer == null) {
            throw new IllegalStateException("a calibration text needs a tokenizer");
        }
        if (text.length() > read.contextLength()) {
            throw new PassException(
                    "calibration, length: expected at most the %d tokens of the model's context, found %d"
                            .formatted(read.contextLength(), text.length()));
        }
        Integer begin = read.beginToken();
        int threads = options.threads() == 0 ? RuntimeOptions.defaultThreads() : options.threads();
        return Calibration.cut(
                tokenizer.encode(text.read(), Tokenizer.SpecialTokens.AS_WRITTEN),
                begin == null ? new int[0] : new int[] {begin},
                text.sequences(),
                text.length(),
                new RuntimeOptions(threads, options.spinning(), 1));
    }
}
