package dev.slipstream.samples.benchmarks.micro;

import java.nio.FloatBuffer;

/** Compares logits of a measured run with those of another way to the same tokens. */
final class LogitCheck {
    /**
     * Of the largest logit. Rows have equal bits in every run where the model's attention is native
     * or paired; models as others exported them differ by rounding, more so in int8.
     */
    private static final float TOLERANCE = 0.02f;

    private LogitCheck() {}

    /** Returns a copy of a row that outlives the next run. */
    static float[] copy(FloatBuffer row) {
        float[] values = new float[row.remaining()];
        row.duplicate().get(values);
        return values;
    }

    /**
     * Requires that two rows are the same but for rounding.
     *
     * @throws IllegalStateException if they are not, or hold what is no number
     */
    static void same(String what, float[] expected, float[] found) {
        float difference = difference(what, expected, found);
        if (!(difference <= TOLERANCE)) {
            throw new IllegalStateException(
                    "%s: expected the logits of another way to the same tokens, found some that differ by %s of the largest"
                            .formatted(what, difference));
        }
    }

    /**
     * Requires that two rows are not the same: something was left out.
     *
     * @throws IllegalStateException if they are, or hold what is no number
     */
    static void different(String what, float[] expected, float[] found) {
        if (!(difference(what, expected, found) > 0)) {
            throw new IllegalStateException(
                    what + ": expected other logits than the whole model's, found the same bits");
        }
    }

    private static float difference(String what, float[] expected, float[] found) {
        if (expected.length != found.length || expected.length == 0) {
            throw new IllegalStateException(
                    "%s: expected %d logits, found %d"
                            .formatted(what, expected.length, found.length));
        }
        float largest = 0;
        float difference = 0;
        for (int i = 0; i < expected.length; i++) {
            if (!Float.isFinite(expected[i]) || !Float.isFinite(found[i])) {
                throw new IllegalStateException(
                        "%s: expected finite logits, found %s and %s for token %d"
                                .formatted(what, expected[i], found[i], i));
            }
            largest = Math.max(largest, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs(expected[i] - found[i]));
        }
        return difference / largest;
    }
}
