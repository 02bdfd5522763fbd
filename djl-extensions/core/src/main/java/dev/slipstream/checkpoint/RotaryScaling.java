package dev.slipstream.checkpoint;

/**
 * How positions turn the queries and keys of a head: the base of the angles, and how they were
 * stretched to a context beyond the one of the first training. Pair {@code i} of a head of size
 * {@code d} turns by {@code position / theta^(2i/d)} before scaling.
 */
public sealed interface RotaryScaling {
    /** Returns the base of the angles, {@code rope_theta}. */
    double theta();

    /**
     * Returns the angle of each pair of a head at position 1.
     *
     * @param headSize size of one head, even
     */
    default double[] frequencies(int headSize) {
        return RotaryTables.frequencies(this, headSize);
    }

    /** Returns the factor of cosines and sines; 1 for all but {@link Yarn}. */
    default double attentionFactor() {
        return 1;
    }

    /**
     * Angles as they are.
     *
     * @param theta base of the angles
     */
    record None(double theta) implements RotaryScaling {
        /** Checks the base. */
        public None {
            positive("rope_theta", theta);
        }
    }

    /**
     * All angles divided by one factor (position interpolation: Chen and others, 2023).
     *
     * @param theta base of the angles
     * @param factor divides the angles
     */
    record Linear(double theta, double factor) implements RotaryScaling {
        /** Checks the ranges. */
        public Linear {
            positive("rope_theta", theta);
            positive("factor", factor);
        }
    }

    /**
     * Long waves divided by a factor, short ones kept, a ramp between (Llama 3.1).
     *
     * @param theta base of the angles
     * @param factor divides the long waves' angles
     * @param lowFrequencyFactor waves longer than {@code originalContextLength /
     *     lowFrequencyFactor} positions are divided
     * @param highFrequencyFactor waves shorter than {@code originalContextLength /
     *     highFrequencyFactor} positions are kept
     * @param originalContextLength positions of the first training
     */
    record Llama3(
            double theta,
            double factor,
            double lowFrequencyFactor,
            double highFrequencyFactor,
            int originalContextLength)
            implements RotaryScaling {
        /** Checks the ranges. */
        public Llama3 {
            positive("rope_theta", theta);
            positive("factor", factor);
            positive("low_freq_factor", lowFrequencyFactor);
            positive("original_max_position_embeddings", originalContextLength);
            if (!(highFrequencyFactor > lowFrequencyFactor)) {
                throw new IllegalArgumentException(
                        "high_freq_factor: expected more than low_freq_factor %s, found %s"
                                .formatted(lowFrequencyFactor, highFrequencyFactor));
            }
        }
    }

    /**
     * Pairs that turn seldom in the original context divided by a factor, those that turn often
     * kept, a ramp between; cosines and sines multiplied by the attention factor (YaRN: Peng and
     * others, 2023).
     *
     * @param theta base of the angles
     * @param factor divides the slow pairs' angles
     * @param originalContextLength positions of the first training
     * @param betaFast pairs that turn more often than this in the original context are kept
     * @param betaSlow pairs that turn less often than this in the original context are divided
     * @param attentionFactor multiplies cosines and sines
     * @param truncate whether the ramp's ends are rounded outwards to whole pairs
     */
    record Yarn(
            double theta,
            double factor,
            int originalContextLength,
            double betaFast,
            double betaSlow,
            double attentionFactor,
            boolean truncate)
            implements RotaryScaling {
        /** Checks the ranges. */
        public Yarn {
            positive("rope_theta", theta);
            positive("factor", factor);
            positive("original_max_position_embeddings", originalContextLength);
            positive("beta_slow", betaSlow);
            positive("attention_factor", attentionFactor);
            if (!(betaFast > betaSlow)) {
                throw new IllegalArgumentException(
                        "beta_fast: expected more than beta_slow %s, found %s"
                                .formatted(betaSlow, betaFast));
            }
        }
    }

    private static void positive(String name, double value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException(name + ": expected more than 0, found " + value);
        }
    }
}
