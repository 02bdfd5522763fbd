package dev.slipstream.decode.block;

import java.util.Arrays;

/**
 * What the model predicts for the places of a block after one run. Only places that are not known
 * have a prediction; asking for another one gives 0.
 *
 * @param tokens for each place the token that would be kept: the likeliest, or a drawn one
 * @param confidences for each place the probability of that token, by the model's own distribution
 *     (temperature 1, nothing cut off), never the one that was drawn from
 * @param entropies for each place the entropy of that distribution, in nats
 * @param margins for each place the probability of the likeliest token minus that of the second
 * @param collisions for each place the sum of all squared probabilities
 */
public record Predictions(
        int[] tokens,
        double[] confidences,
        double[] entropies,
        double[] margins,
        double[] collisions) {
    /** Checks the lengths. */
    public Predictions {
        int places = tokens.length;
        if (confidences.length != places
                || entropies.length != places
                || margins.length != places
                || collisions.length != places) {
            throw new IllegalArgumentException(
                    "expected as many confidences, entropies, margins and collisions as the %d tokens, found %d, %d, %d and %d"
                            .formatted(
                                    places,
                                    confidences.length,
                                    entropies.length,
                                    margins.length,
                                    collisions.length));
        }
    }

    /** Returns the predictions of the first places. */
    public Predictions first(int length) {
        return new Predictions(
                Arrays.copyOf(tokens, length),
                Arrays.copyOf(confidences, length),
                Arrays.copyOf(entropies, length),
                Arrays.copyOf(margins, length),
                Arrays.copyOf(collisions, length));
    }

    /** Returns the number of places. */
    public int length() {
        return tokens.length;
    }
}
