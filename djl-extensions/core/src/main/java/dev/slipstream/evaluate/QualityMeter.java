package dev.slipstream.evaluate;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures what a changed model lost against the original in one reading of a text: both go through
 * the same windows side by side, and only the sums are kept.
 */
public final class QualityMeter {
    private final DecoderModel original;
    private final WindowWalk walk;

    /**
     * Constructs a meter.
     *
     * @param original the untouched model; goes on belonging to the caller
     * @param window how the text is cut, at most as long as both models' contexts
     * @param beginToken what stands before every window; null if the model has none
     */
    public QualityMeter(DecoderModel original, SlidingWindow window, @Nullable Integer beginToken) {
        requireRoom(original, window);
        this.original = original;
        this.walk = new WindowWalk(window, beginToken);
    }

    /** Returns the index of the first token of a text that is foretold. */
    public int firstForetold() {
        return walk.firstForetold();
    }

    /**
     * Measures.
     *
     * @param candidate a model of the same vocabulary
     * @param effort how much of the candidate is computed for every token
     * @param tokens of the text, without a begin token; more than {@link #firstForetold()}
     * @param characters Unicode characters of the text from {@link #firstForetold()} on
     * @param progress is told the number of tokens that are done, now and then; what it throws ends
     *     the measurement
     */
    public Quality measure(
            DecoderModel candidate,
            Effort effort,
            int[] tokens,
            long characters,
            IntConsumer progress) {
        requireRoom(candidate, walk.window());
        if (candidate.vocabularySize() != original.vocabularySize()) {
            throw new IllegalArgumentException(
                    "%s: expected the %d logits of %s, found %d; compare a model with the one it was made from"
                            .formatted(
                                    candidate.name(),
                                    original.vocabularySize(),
                                    original.name(),
                                    candidate.vocabularySize()));
        }
        walk.requireText(tokens);
        try (DecoderSession reference = original.newSession();
                DecoderSession own = candidate.newSession()) {
            return quality(
                    walk,
                    List.of(
                            PerplexityMeter.sequence(reference, Effort.FULL),
                            PerplexityMeter.sequence(own, effort)),
                    tokens,
                    characters,
                    progress);
        }
    }

    /** Measures the second of two sequences against the first. */
    static Quality quality(
            WindowWalk walk,
            List<PerplexityMeter.Sequence> both,
            int[] tokens,
            long characters,
            IntConsumer progress) {
        Sums sums = new Sums();
        walk.over(
                tokens,
                both,
                (token, index, rows) -> {
                    sums.reference.read(rows.get(0), index);
                    sums.own.read(rows.get(1), index);
                    sums.add(token);
                },
                progress);
        return new Quality(
                new Perplexity(sums.positions, characters, sums.referenceNats),
                new Perplexity(sums.positions, characters, sums.ownNats),
                (double) sums.agreements / sums.positions,
                sums.divergence / sums.positions);
    }

    private static final class Sums {
        private final LogitRow reference = new LogitRow();
        private final LogitRow own = new LogitRow();
        private long positions;
        private long agreements;
        private double referenceNats;
        private double ownNats;
        private double divergence;

        void add(int token) {
            positions++;
            agreements += reference.likeliest() == own.likeliest() ? 1 : 0;
            referenceNats += reference.surprise(token);
            ownNats += own.surprise(token);
            divergence += reference.divergence(own);
        }
    }

    private static void requireRoom(DecoderModel model, SlidingWindow window) {
        if (window.length() > model.contextLength()) {
            throw new IllegalArgumentException(
                    "window length: expected at most the context length %d of %s, found %d"
                            .formatted(model.contextLength(), model.name(), window.length()));
        }
    }
}
