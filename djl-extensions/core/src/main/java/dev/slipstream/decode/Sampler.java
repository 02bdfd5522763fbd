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
 * keeps no arrays; else the sampler keeps 12 bytes for each token of the vocabulary, 16 with
 * penalties, and allocates nothing after construction but the growing list of different tokens.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class Sampler {
    private final int vocabularySize;
    private final LogitAdjustments adjustments;
    private final boolean greedy;
    private final double[] logits;
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
        logits = new double[greedy && adjustments.areNone() ? 0 : vocabularySize];
        distribution = new Distribution(options, greedy ? new double[0] : logits);
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
        distribution.update();
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
            distribution.update();
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
        load(row);
        int best = 0;
        for (int i = 1; i < vocabularySize; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    /** Returns the highest finite logit's index and checks that there is nothing above it. */
    private int highest(FloatBuffer row) {
        checkLength(row);
        int best = -1;
        float value = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < vocabularySize; i++) {
            float logit = row.get(i);
            // Larger or NaN: one comparison for both on the way that is almost always taken.
            if (!(logit <= value)) {
                checkFinite(logit, i);
                value = logit;
                best = i;
            }
        }
        return checkFound(best);
    }

    private void load(FloatBuffer row) {
        checkLength(row);
        int finite = -1;
        for (int i = 0; i < vocabularySize; i++) {
            float logit = row.get(i);
            if (!(logit <= Float.MAX_VALUE)) {
                checkFinite(logit, i);
            }
            if (logit > Float.NEGATIVE_INFINITY) {
                finite = i;
            }
            logits[i] = logit;
        }
        checkFound(finite);
        adjustments.apply(logits);
    }

    private void checkLength(FloatBuffer row) {
        if (row.limit() < vocabularySize) {
            throw new IllegalArgumentException(
                    "row: expected %d logits, found %d".formatted(vocabularySize, row.limit()));
        }
    }

    private static void checkFinite(float logit, int token) {
        if (!(logit <= Float.MAX_VALUE)) {
            throw new IllegalStateException(
                    ("the model's logit of token %d is %s, expected a finite number; its weights or"
                                    + " its graph are damaged, or half precision overflowed: check the"
                                    + " files, or try another precision")
                            .formatted(token, logit));
        }
    }

    private int checkFound(int token) {
        if (token < 0) {
            throw new IllegalStateException(
                    ("all %d logits of the model are -Infinity, expected one finite number at least;"
                                    + " its weights or its graph are damaged")
                            .formatted(vocabularySize));
        }
        return token;
    }
}
