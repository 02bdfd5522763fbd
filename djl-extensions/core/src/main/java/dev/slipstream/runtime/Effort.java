package dev.slipstream.runtime;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much of a model is computed for some tokens, for models with gates. A model without a gate
 * has no input for it, and takes only {@link #FULL}.
 *
 * @param gates for each gated sub-layer, in the order in which the model lists them, whether it is
 *     computed; empty computes all
 * @param widths for each layer, which of the feed-forward's widths is computed: an index into those
 *     that the model lists, the narrowest first; empty computes the widest everywhere
 * @param skipping how readily feed-forwards are skipped token by token; null computes all
 */
public record Effort(List<Boolean> gates, List<Integer> widths, @Nullable Skipping skipping) {
    /** Everything is computed. */
    public static final Effort FULL = new Effort(List.of(), List.of(), null);

    /** Input of a model with switched gates: {@code BOOL [gates]}, true computes. */
    public static final String GATES = "gates";

    /** Input of a model with nested widths: {@code INT64 [layers]}, an index of a width. */
    public static final String WIDTHS = "feed_forward_widths";

    /** Input of a model that skips feed-forwards: {@code FLOAT [tokens]}, above 1 skips none. */
    public static final String SKIP_THRESHOLDS = "skip_thresholds";

    /** Input of a model that skips feed-forwards: {@code INT64 [tokens]}, how many at a time. */
    public static final String SKIP_COUNTS = "skip_counts";

    /** Input of a model that skips feed-forwards: {@code BOOL [tokens]}, again in one token. */
    public static final String SKIP_REARMS = "skip_rearms";

    /** Output of a model that skips feed-forwards: {@code BOOL [skippable layers, tokens]}. */
    public static final String SKIPPED = "skipped";

    /** Copies the lists. */
    public Effort {
        gates = List.copyOf(gates);
        widths = List.copyOf(widths);
    }

    /**
     * How readily feed-forwards are skipped (Jaiswal and others, FFN-SkipLLM, 2024).
     *
     * @param threshold the cosine, between the residual stream before and behind a feed-forward,
     *     above which those behind it are skipped; above 1 never
     * @param count how many are skipped then
     * @param rearm whether, after that, one that was computed may set off skipping again in the
     *     same token
     */
    public record Skipping(double threshold, int count, boolean rearm) {
        /** Checks the ranges. */
        public Skipping {
            if (!(threshold >= -1)) {
                throw new IllegalArgumentException(
                        "threshold: expected a cosine of -1 or more, found " + threshold);
            }
            if (count < 0) {
                throw new IllegalArgumentException("count: expected 0 or more, found " + count);
            }
        }
    }

    /** Tells whether everything is computed. */
    public boolean full() {
        return equals(FULL);
    }

    /** Returns the same without skipping: for prompts, and for the first tokens of a text. */
    public Effort withoutSkipping() {
        return skipping == null ? this : new Effort(gates, widths, null);
    }
}
