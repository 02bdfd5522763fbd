package dev.slipstream.spring.autoconfigure;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.pass.PassException;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.InferenceException;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.schedule.BatchOptions;
import dev.slipstream.store.WarmStart;
import dev.slipstream.zoo.DecoderKind;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.PrefillOptions;
import dev.slipstream.zoo.PrefillWeights;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * One named model.
 *
 * @param location Name of an embedded model, a model directory, or an ONNX file; the model's own
 *     name here if left out.
 * @param weights Precision of the weights of models that are built from a checkpoint; ONNX files
 *     are opened as they are.
 * @param prefillWeights What runs of many tokens use, such as the reading of a prompt: "same", or
 *     "int8" for bytes beside the other weights, which take memory and are faster there; "same" if
 *     left out.
 * @param prefillThreshold New tokens of a run from which on it uses the prefill weights; measured
 *     when the model is loaded if left out.
 * @param contextLength Most tokens of prompt and answer; the model's own if left out.
 * @param threads Threads that one run of the graph uses; half of the processors if left out.
 * @param spinning What those threads do while they wait for each other: "off" sleeps, "brief" burns
 *     their processors for some tens of microseconds before that, "on" burns them all the while,
 *     and pays only on a machine that does nothing else; "brief" if left out.
 * @param device Where the model runs: "cpu", "gpu" (NVIDIA's, with ONNX Runtime's jar for GPUs), or
 *     "auto", the GPU if there is one; "cpu" if left out.
 * @param maxActive Requests that run at once.
 * @param maxQueued Requests that may wait beyond those; more are rejected.
 * @param batching How the requests share the model's runs.
 * @param drafting How the texts are drafted.
 * @param decoder How the texts are written: "autoregressive" (token by token), "blocks" (several
 *     tokens a run, by models that were taught to), or "auto", blocks where that is possible and
 *     there is no drafter; "auto" if left out, or "blocks" where something is said of them.
 * @param blocks How the texts are written by blocks.
 * @param prefixCache What is remembered of texts that were read.
 * @param plan File that lists passes and gates, in YAML or JSON; paths in it are relative to it.
 * @param passes What is done to the graph before it runs, in order, such as "finercut:remove=0.25";
 *     the result is kept on disk.
 * @param gates Passes that make parts of the graph optional, applied behind the others.
 * @param calibration The text that passes decide by.
 * @param warmStart Whether the model is kept on disk as it was opened, which makes the next start a
 *     short one; "on" if left out.
 * @param generation What the model generates when a request does not say otherwise.
 */
public record ModelProperties(
        @Nullable String location,
        @Nullable Precision weights,
        @Nullable PrefillWeights prefillWeights,
        @Nullable Integer prefillThreshold,
        @Nullable Integer contextLength,
        @Nullable Integer threads,
        @Nullable Spinning spinning,
        @Nullable Device device,
        @Nullable Integer maxActive,
        @Nullable Integer maxQueued,
        @Nullable BatchingProperties batching,
        @Nullable DraftingProperties drafting,
        @Nullable DecoderKind decoder,
        @Nullable BlockProperties blocks,
        @Nullable PrefixCacheProperties prefixCache,
        @Nullable Path plan,
        @Nullable List<String> passes,
        @Nullable List<String> gates,
        @Nullable CalibrationProperties calibration,
        @Nullable WarmStart warmStart,
        @Nullable GenerationProperties generation) {

    /** A model that is its name and nothing else. */
    static final ModelProperties NONE =
            new ModelProperties(
                    null, null, null, null, null, null, null, null, null, null, null, null, null,
                    null, null, null, null, null, null, null, null);

    /**
     * Returns a model that is its name and nothing else. The binder calls this for a name with
     * nothing below it, as YAML's {@code stories260k:} is.
     *
     * @param nothing must be blank
     * @throws IllegalArgumentException if it is not
     */
    public static ModelProperties valueOf(String nothing) {
        if (!nothing.isBlank()) {
            throw new IllegalArgumentException(
                    "expected properties below the model's name, found the value '%s'; if it is where the model lies, call it location"
                            .formatted(nothing));
        }
        return NONE;
    }

    /**
     * Returns the defaults with what is set here laid over them.
     *
     * @param cacheDirectory where models and graphs that plans made are kept; null takes the usual
     *     place
     * @param cacheLimit how much they may take; null takes the usual limit
     */
    LoadOptions loadOptions(@Nullable Path cacheDirectory, @Nullable DataSize cacheLimit) {
        LoadOptions options = LoadOptions.defaults();
        BatchOptions shared =
                options.batching()
                        .withRequests(
                                maxActive != null ? maxActive : options.batching().maxActive(),
                                maxQueued != null ? maxQueued : options.batching().maxQueued());
        return new LoadOptions(
                weights != null ? weights : options.precision(),
                prefill(),
                contextLength != null ? contextLength : options.contextLength(),
                threads != null ? threads : options.threads(),
                spinning != null ? spinning : options.spinning(),
                device != null ? device : options.device(),
                batching != null ? batching.over(shared) : shared,
                drafts(),
                BlockProperties.options(decoder, blocks),
                prefixCache != null ? prefixCache.over(options.cache()) : options.cache(),
                modelPlan().read(),
                cacheDirectory,
                cacheLimit != null ? cacheLimit.toBytes() : options.cacheLimit(),
                warmStart != null ? warmStart : options.warmStart());
    }

    private DraftOptions drafts() {
        return drafting != null ? drafting.options() : DraftOptions.NONE;
    }

    private PrefillOptions prefill() {
        PrefillOptions usual = LoadOptions.defaults().prefill();
        return new PrefillOptions(
                prefillWeights != null ? prefillWeights : usual.weights(),
                prefillThreshold != null ? prefillThreshold : usual.threshold());
    }

    private ModelPlan modelPlan() {
        return new ModelPlan(plan, passes, gates, calibration);
    }

    /** Returns the property to blame where the plan cannot be carried out. */
    String planProperty(String prefix, PassException failure) {
        return modelPlan().property(prefix, failure.pass());
    }

    /** Checks every value; {@code prefix} is the full name of this group of properties. */
    void check(String prefix) {
        LoadOptions options = LoadOptions.defaults();
        if (location != null && location.isBlank()) {
            throw new SlipstreamConfigurationException(
                    prefix + ".location",
                    "expected the name of an embedded model, a model directory, or an ONNX file,"
                            + " found nothing",
                    null);
        }
        SlipstreamConfigurationException.check(prefix + ".prefill-threshold", this::prefill);
        if (contextLength != null) {
            SlipstreamConfigurationException.check(
                    prefix + ".context-length", () -> options.withContextLength(contextLength));
        }
        if (threads != null) {
            SlipstreamConfigurationException.check(
                    prefix + ".threads", () -> options.withThreads(threads));
        }
        if (device != null) {
            try {
                device.resolve();
            } catch (InferenceException e) {
                throw new SlipstreamConfigurationException(prefix + ".device", e.getMessage(), e);
            }
        }
        if (maxActive != null) {
            SlipstreamConfigurationException.check(
                    prefix + ".max-active", () -> options.withRequests(maxActive, 0));
        }
        if (maxQueued != null) {
            SlipstreamConfigurationException.check(
                    prefix + ".max-queued", () -> options.withRequests(1, maxQueued));
        }
        if (batching != null) {
            batching.check(prefix + ".batching");
        }
        if (drafting != null) {
            drafting.check(prefix + ".drafting");
        }
        BlockProperties.check(prefix, decoder, blocks);
        SlipstreamConfigurationException.check(
                prefix + ".drafting.drafter",
                () ->
                        options.withDrafting(drafts())
                                .withBlocks(BlockProperties.options(decoder, blocks)));
        if (prefixCache != null) {
            prefixCache.check(prefix + ".prefix-cache");
        }
        modelPlan().check(prefix);
        if (generation != null) {
            generation.check(prefix + ".generation");
        }
    }
}
