package dev.slipstream.decode;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a drafter proposes.
 *
 * @param tokens ids of the target's vocabulary, in order; empty if it has nothing to propose
 * @param confidences for each token the drafter's own guess, 0 to 1, that it will be accepted if
 *     those before it are
 * @param distributions for each token the probabilities, by id of the target's vocabulary, that it
 *     was drawn from; null if the tokens were not drawn but chosen
 */
public record Draft(int[] tokens, double[] confidences, double @Nullable [][] distributions) {
    /** No proposal. */
    public static final Draft NONE = new Draft(new int[0], new double[0], null);

    /** Checks the lengths. */
    public Draft {
        if (confidences.length != tokens.length
                || distributions != null && distributions.length != tokens.length) {
            throw new IllegalArgumentException(
                    "expected a confidence (and a distribution, if any) for each of %d tokens, found %d"
                            .formatted(tokens.length, confidences.length));
        }
    }

    /** Returns the number of tokens. */
    public int length() {
        return tokens.length;
    }

    /** Returns the first tokens of this draft. */
    public Draft first(int count) {
        return count >= tokens.length
                ? this
                : new Draft(
                        Arrays.copyOf(tokens, count),
                        Arrays.copyOf(confidences, count),
                        distributions == null ? null : Arrays.copyOf(distributions, count));
    }
}
