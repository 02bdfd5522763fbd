package dev.slipstream.decode;

import java.util.Arrays;
import java.util.Map;

/**
 * What changes single logits before the distribution is formed, in this order:
 *
 * <ol>
 *   <li>the repetition penalty (Keskar and others 2019), once for each different token of prompt
 *       and output: positive logits are divided by it, others multiplied;
 *   <li>presence and frequency penalty (OpenAI), of tokens in the output only: {@code presence +
 *       count * frequency} is subtracted;
 *   <li>the bias, added.
 * </ol>
 *
 * It touches only the tokens concerned, so a step costs as much as the text has different tokens.
 */
final class LogitAdjustments {
    private final double repetition;
    private final double presence;
    private final double frequency;
    private final int[] biasedTokens;
    private final double[] biases;

    /** By token: 0 if it never occurred, else 1 + its number of occurrences in the output. */
    private final int[] marks;

    private int[] seen = new int[64];
    private int seenCount;

    LogitAdjustments(GenerationOptions options, int vocabularySize, int[] prompt) {
        repetition = options.repetitionPenalty();
        presence = options.presencePenalty();
        frequency = options.frequencyPenalty();
        Map<Integer, Double> bias = options.logitBias();
        biasedTokens = bias.keySet().stream().mapToInt(Integer::intValue).toArray();
        biases = Arrays.stream(biasedTokens).mapToDouble(bias::get).toArray();
        checkBias(bias, vocabularySize);
        boolean penalties = repetition != 1 || presence != 0 || frequency != 0;
        marks = new int[penalties ? vocabularySize : 0];
        if (repetition != 1) {
            for (int token : prompt) {
                mark(token);
            }
        }
    }

    static void checkBias(Map<Integer, Double> bias, int vocabularySize) {
        for (int token : bias.keySet()) {
            if (token >= vocabularySize) {
                throw new InvalidOptionException(
                        "logitBias",
                        "expected token ids below the model's %d, found %d"
                                .formatted(vocabularySize, token));
            }
        }
    }

    /** Tells whether there is nothing to change, now and later. */
    boolean areNone() {
        return marks.length == 0 && biases.length == 0;
    }

    /** Counts a token of the output. */
    void accept(int token) {
        if (marks.length > 0) {
            mark(token);
            marks[token]++;
        }
    }

    /** Returns how many tokens {@link #apply} changes; some may come twice. */
    int count() {
        return seenCount + biases.length;
    }

    /**
     * Returns a token that {@link #apply} changes.
     *
     * @param index below {@link #count}
     */
    int token(int index) {
        return index < seenCount ? seen[index] : biasedTokens[index - seenCount];
    }

    /** Tells whether a token came at a lower index already. */
    boolean comesAgain(int index) {
        return index >= seenCount && marks.length > 0 && marks[token(index)] > 0;
    }

    /**
     * Changes the logits in place.
     *
     * @param logits by token; only those at {@link #token} are read and written
     */
    void apply(double[] logits) {
        for (int i = 0; i < seenCount; i++) {
            int token = seen[i];
            double logit = logits[token];
            logit = logit > 0 ? logit / repetition : logit * repetition;
            int count = marks[token] - 1;
            logits[token] = count == 0 ? logit : logit - presence - count * frequency;
        }
        for (int i = 0; i < biases.length; i++) {
            logits[biasedTokens[i]] += biases[i];
        }
    }

    private void mark(int token) {
        if (marks[token] == 0) {
            marks[token] = 1;
            if (seenCount == seen.length) {
                seen = Arrays.copyOf(seen, 2 * seenCount);
            }
            seen[seenCount++] = token;
        }
    }
}
