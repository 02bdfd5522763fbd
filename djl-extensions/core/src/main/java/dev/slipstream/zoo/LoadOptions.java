package dev.slipstream.zoo;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.schedule.BatchOptions;
import dev.slipstream.store.DirectoryStore;
import dev.slipstream.store.WarmStart;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a model is opened.
 *
 * @param precision of the weights, for models that are built from a checkpoint; ONNX files are
 *     opened as they are
 * @param prefill what runs of many tokens use beside them
 * @param contextLength the most tokens of prompt and answer; 0 takes the model's own, 4,096 at most
 * @param threads that one run of the graph uses; 0 takes half of the machine's processors
 * @param spinning what those threads do while they wait for each other
 * @param device where the graph runs
 * @param batching how requests share the model
 * @param drafting how texts are drafted
 * @param blocks whether texts are written by blocks, and how
 * @param cache what is remembered of texts that were read
 * @param plan what is done to the graph before; a model that is built from a checkpoint goes
 *     through it as 32-bit floats, and {@code precision} is what its weights are stored in at the
 *     end
 * @param cacheDirectory where graphs are kept that a plan made, and models as they were opened;
 *     null takes {@link DirectoryStore#defaultDirectory()}
 * @param cacheLimit bytes that all graphs may take, and all models, 0 or more; the least recently
 *     used are removed then, but none that is in use
 * @param warmStart whether the model is kept there as it was opened
 */
public record LoadOptions(
        Precision precision,
        PrefillOptions prefill,
        int contextLength,
        int threads,
        Spinning spinning,
        Device device,
        BatchOptions batching,
        DraftOptions drafting,
        BlockOptions blocks,
        CacheOptions cache,
        Plan plan,
        @Nullable Path cacheDirectory,
        long cacheLimit,
        WarmStart warmStart) {
    /** Checks the ranges, and that one way to write texts is asked for. */
    public LoadOptions {
        if (contextLength < 0) {
            throw new IllegalArgumentException(
                    "contextLength: expected 0 or more, found " + contextLength);
        }
        if (threads < 0) {
            throw new IllegalArgumentException("threads: expected 0 or more, found " + threads);
        }
        if (cacheLimit < 0) {
            throw new IllegalArgumentException(
                    "cacheLimit: expected 0 or more bytes, found " + cacheLimit);
        }
        if (blocks.decoder() == DecoderKind.BLOCKS && drafting.drafter() != DrafterKind.NONE) {
            throw new IllegalArgumentException(
                    "decoder: expected no blocks, and nothing said of them, beside the drafter %s, whose drafts are of texts that are written token by token, found blocks; leave one of the two out"
                            .formatted(drafting.drafter().label()));
        }
    }

    /**
     * Returns int8 weights for all runs, the model's own context, brief waits, the processor, four
     * running and 64 waiting requests, no drafts, blocks where the model was taught to write them,
     * 64 MiB for beginnings of prompts, no plan, and {@link WarmStart#usual()}.
     */
    public static LoadOptions defaults() {
        return new LoadOptions(
                Precision.INT8,
                PrefillOptions.NONE,
                0,
                0,
                Spinning.BRIEF,
                Device.CPU,
                BatchOptions.defaults(),
                DraftOptions.NONE,
                BlockOptions.AUTO,
                CacheOptions.defaults(),
                Plan.NONE,
                null,
                DirectoryStore.LIMIT,
                WarmStart.usual());
    }

    /** Returns these options with another precision. */
    public LoadOptions withPrecision(Precision value) {
        return with(edit -> edit.precision = value);
    }

    /** Returns these options with other weights for runs of many tokens. */
    public LoadOptions withPrefill(PrefillOptions value) {
        return with(edit -> edit.prefill = value);
    }

    /** Returns these options with another context length. */
    public LoadOptions withContextLength(int value) {
        return with(edit -> edit.contextLength = value);
    }

    /** Returns these options with another number of threads. */
    public LoadOptions withThreads(int value) {
        return with(edit -> edit.threads = value);
    }

    /** Returns these options with other waits. */
    public LoadOptions withSpinning(Spinning value) {
        return with(edit -> edit.spinning = value);
    }

    /** Returns these options with another device. */
    public LoadOptions withDevice(Device value) {
        return with(edit -> edit.device = value);
    }

    /** Returns these options with other limits on requests. */
    public LoadOptions withRequests(int active, int queued) {
        return withBatching(batching.withRequests(active, queued));
    }

    /** Returns these options with another way to share the model. */
    public LoadOptions withBatching(BatchOptions value) {
        return with(edit -> edit.batching = value);
    }

    /** Returns these options with another way to draft. */
    public LoadOptions withDrafting(DraftOptions value) {
        return with(edit -> edit.drafting = value);
    }

    /** Returns these options with another way to write by blocks. */
    public LoadOptions withBlocks(BlockOptions value) {
        return with(edit -> edit.blocks = value);
    }

    /** Returns these options with another memory of what was read. */
    public LoadOptions withCache(CacheOptions value) {
        return with(edit -> edit.cache = value);
    }

    /** Returns these options with another plan. */
    public LoadOptions withPlan(Plan value) {
        return with(edit -> edit.plan = value);
    }

    /** Returns these options with another place for graphs that a plan made. */
    public LoadOptions withCacheDirectory(@Nullable Path value) {
        return with(edit -> edit.cacheDirectory = value);
    }

    /** Returns these options with another limit of all graphs that plans made, in bytes. */
    public LoadOptions withCacheLimit(long value) {
        return with(edit -> edit.cacheLimit = value);
    }

    /** Returns these options with or without a model kept on disk as it was opened. */
    public LoadOptions withWarmStart(WarmStart value) {
        return with(edit -> edit.warmStart = value);
    }

    private LoadOptions with(Consumer<Edit> change) {
        Edit edit = new Edit(this);
        change.accept(edit);
        return edit.done();
    }

    /** The options while one of them changes. */
    private static final class Edit {
        private Precision precision;
        private PrefillOptions prefill;
        private int contextLength;
        private int threads;
        private Spinning spinning;
        private Device device;
        private BatchOptions batching;
        private DraftOptions drafting;
        private BlockOptions blocks;
        private CacheOptions cache;
        private Plan plan;
        private @Nullable Path cacheDirectory;
        private long cacheLimit;
        private WarmStart warmStart;

        Edit(LoadOptions from) {
            precision = from.precision;
            prefill = from.prefill;
            contextLength = from.contextLength;
            threads = from.threads;
            spinning = from.spinning;
            device = from.device;
            batching = from.batching;
            drafting = from.drafting;
            blocks = from.blocks;
            cache = from.cache;
            plan = from.plan;
            cacheDirectory = from.cacheDirectory;
            cacheLimit = from.cacheLimit;
            warmStart = from.warmStart;
        }

        LoadOptions done() {
            return new LoadOptions(
                    precision,
                    prefill,
                    contextLength,
                    threads,
                    spinning,
                    device,
                    batching,
                    drafting,
                    blocks,
                    cache,
                    plan,
                    cacheDirectory,
                    cacheLimit,
                    warmStart);
        }
    }
}
