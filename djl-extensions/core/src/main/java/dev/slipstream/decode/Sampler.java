package dev.slipstream.decode;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Chooses the tokens of one request. For each position: {@link LogitAdjustments penalties and bias}
 * change the logits; then, at temperature 0, the highest logit wins (of equal ones the lowest id),
 * else one uniform random number picks a token from the {@link Distribution}.
 *
 * <p>Logits are {@code float[vocabularySize]} in a buffer that is read at absolute indices from 0,
 * whatever its position. A seed fixes the random numbers on every machine; a fresh one is drawn if
 * the options have none. Greedy decoding without penalties and bias is one pass over the buffer and
 * keeps 8 KiB; else the sampler keeps 16 bytes for each token of the vocabulary, 20 with penalties,
 * and allocates nothing after construction but the growing list of different tokens.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class Sampler {
    private final int vocabularySize;
    private final LogitAdjustments adjustments;
    private final boolean greedy;
    private final RowScores scores;
    private final LaneMaxima maxima;
    private final int[] found;
    private final Distribution distribution;
    private final RandomDraws random;

    /**
     * Constructs a sampler.
     *
     * @param options of the request
     * @param vocabularySize number of logits at each position
     * @param prompt token ids, for the repetition penalty
     * @throws InvalidOptionException if the bias names a token that the model doesn't have
     */
    public Sampler(GenerationOptions options, int vocabularySize, int[] prompt) {
        if (vocabularySize < 1) {
            throw new IllegalArgumentException(
                    "vocabularySize: expected at least 1, found " + vocabularySize);
        }
        for (int token : prompt) {
            Objects.checkIndex(token, vocabularySize);
        }
        this.vocabularySize = vocabularySize;
        adjustments = new LogitAdjustments(options, vocabularySize, prompt);
        greedy = options.temperature() == 0;
        boolean plain = greedy && adjustments.areNone();
        scores = new RowScores(adjustments, plain ? 0 : vocabularySize);
        maxima = new LaneMaxima(plain ? vocabularySize : 0);
        found = new int[plain ? 0 : vocabularySize];
        distribution = new Distribution(options, scores, found);
        Long seed = options.seed();
        random = new RandomDraws(seed == null ? ThreadLocalRandom.current().nextLong() : seed);
    }

    /**
     * Checks what a sampler would check, without its arrays.
     *
     * @param options of the request
     * @param vocabularySize number of logits at each position
     * @throws InvalidOptionException if the bias names a token that the model does not have
     */
    static void check(GenerationOptions options, int vocabularySize) {
        LogitAdjustments.checkBias(options.logitBias(), vocabularySize);
    }

    /**
     * Chooses the next token; {@link #accept} it when it becomes part of the text.
     *
     * @param row the logits of one position
     * @throws IllegalStateException if a logit is NaN or infinite, or all are negative infinity
     */
    public int sample(FloatBuffer row) {
        if (greedy) {
            return likeliest(row);
        }
        load(row);
        return distribution.draw(random.nextDouble());
    }

    /** Tells the penalties that a token was added to the output. */
    public void accept(int token) {
        Objects.checkIndex(token, vocabularySize);
        adjustments.accept(token);
    }

    /**
     * Writes the distribution that {@link #sample} would draw from at this row, without drawing.
     *
     * @param row the logits of one position
     * @param probabilities by token, {@code vocabularySize} of them; they sum to 1
     * @throws IllegalStateException as {@link #sample}
     */
    public void probabilities(FloatBuffer row, double[] probabilities) {
        if (probabilities.length != vocabularySize) {
            throw new IllegalArgumentException(
                    "probabilities: expected room for %d, found %d"
                            .formatted(vocabularySize, probabilities.length));
        }
        if (greedy) {
            Arrays.fill(probabilities, 0);
            probabilities[likeliest(row)] = 1;
        } else {
            load(row);
            distribution.copyTo(probabilities);
        }
    }

    /** Tells whether there is nothing random: temperature 0. */
    boolean isGreedy() {
        return greedy;
    }

    /** Returns the number of logits at each position. */
    int vocabularySize() {
        return vocabularySize;
    }

    /** Returns the next random number, from 0 (inclusive) to 1 (exclusive). */
    double uniform() {
        return random.nextDouble();
    }

    /**
     * Draws a token with the next random number.
     *
     * @param weights by token, none negative
     * @param total their sum, above 0, added up in the order of the tokens
     */
    int draw(double[] weights, double total) {
        double target = uniform() * total;
        double cumulative = 0;
        for (int token = 0; token < weights.length; token++) {
            cumulative += weights[token];
            // Reached at the latest where the sum is the total: see Distribution.
            if (target < cumulative) {
                return token;
            }
        }
        throw new IllegalArgumentException(
                "weights: expected a sum of %s, found %s".formatted(total, cumulative));
    }

    private int likeliest(FloatBuffer row) {
        if (adjustments.areNone()) {
            return highest(row);
        }
        int count = scores.find(load(row), found);
        double[] values = scores.scores();
        int best = found[0];
        for (int i = 1; i < count; i++) {
            if (values[found[i]] > values[best]) {
                best = found[i];
            }
        }
        return best;
    }

    private int highest(FloatBuffer row) {
        checkLength(row);
        maxima.read(row);
        float highest = maxima.highest();
        check(row, highest);
        return maxima.first(row, highest);
    }

    private float load(FloatBuffer row) {
        checkLength(row);
        float highest = scores.read(row);
        check(row, highest);
        return highest;
    }

    private void checkLength(FloatBuffer row) {
        if (row.limit() < vocabularySize) {
            throw new IllegalArgumentException(
                    "row: expected %d logits, found %d".formatted(vocabularySize, row.limit()));
        }
    }

    /** Refuses a row whose highest logit is no finite number. */
    private void check(FloatBuffer row, float highest) {
        if (highest == Float.NEGATIVE_INFINITY) {
            throw new IllegalStateException(
                    ("all %d logits of the model are -Infinity, expected one finite number at least;"
                                    + " its weights or its graph are damaged")
                            .formatted(vocabularySize));
        }
        if (!(highest <= Float.MAX_VALUE)) {
            throw broken(row);
        }
    }

    private IllegalStateException broken(FloatBuffer row) {
        int token = 0;
        while (row.get(token) <= Float.MAX_VALUE) {
            token++;
        }
        return new IllegalStateException(
                ("the model's logit of token %d is %s, expected a finite number; its weights or its"
                                + " graph are damaged, or half precision overflowed: check the"
                                + " files, or try another precision")
                        .formatted(token, row.get(token)));
    }
}
