package dev.slipstream.evaluate;

import dev.slipstream.decode.SentenceEncoder;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Measures how much faster a changed sentence encoder embeds than the original: both embed the same
 * blocks of texts, one right after the other, and who is first changes from block to block and from
 * round to round.
 *
 * @param texts what is embedded, one or more
 * @param rounds how often all of them are, at least 1
 */
public record EmbeddingSpeedMeter(List<String> texts, int rounds) {
    /** Small enough that both meet the same machine, large enough to fill a run of the graph. */
    private static final int BLOCK = 32;

    /** Copies the list and checks the ranges. */
    public EmbeddingSpeedMeter {
        texts = List.copyOf(texts);
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("texts: expected 1 or more, found none");
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds: expected 1 or more, found " + rounds);
        }
    }

    /** Returns how many texts are embedded, both encoders' together and the warm-up included. */
    public int embedded() {
        return 2 * (Math.min(BLOCK, texts.size()) + rounds * texts.size());
    }

    /**
     * Measures.
     *
     * @param original the untouched encoder
     * @param candidate another one
     * @param progress is told the number of embedded texts; what it throws ends the measurement
     */
    public EmbeddingSpeed measure(
            SentenceEncoder original, SentenceEncoder candidate, IntConsumer progress) {
        List<String> first = block(0);
        seconds(original, first);
        seconds(candidate, first);
        int done = 2 * first.size();
        progress.accept(done);
        double[] originals = new double[rounds];
        double[] candidates = new double[rounds];
        int blocks = (texts.size() + BLOCK - 1) / BLOCK;
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < blocks; i++) {
                List<String> block = block(i);
                if ((round + i) % 2 == 0) {
                    originals[round] += seconds(original, block);
                    candidates[round] += seconds(candidate, block);
                } else {
                    candidates[round] += seconds(candidate, block);
                    originals[round] += seconds(original, block);
                }
                done += 2 * block.size();
                progress.accept(done);
            }
        }
        return new EmbeddingSpeed(
                spread(DoubleStream.of(originals).map(seconds -> texts.size() / seconds)),
                spread(DoubleStream.of(candidates).map(seconds -> texts.size() / seconds)),
                spread(
                        IntStream.range(0, rounds)
                                .mapToDouble(round -> originals[round] / candidates[round])));
    }

    private List<String> block(int number) {
        int from = number * BLOCK;
        return texts.subList(from, Math.min(texts.size(), from + BLOCK));
    }

    private static double seconds(SentenceEncoder encoder, List<String> block) {
        long start = System.nanoTime();
        encoder.embed(block);
        return (System.nanoTime() - start) / 1e9;
    }

    private static Spread spread(DoubleStream values) {
        Spread spread = Spread.of(values);
        if (spread == null) {
            throw new IllegalStateException("a measurement has at least one round");
        }
        return spread;
    }
}
