package dev.slipstream.pass;

/**
 * How far a changed model's output is from the original's (Zhang and others, FinerCut, 2024). Each
 * sequence is run alone, so that no padding is among the rows.
 */
public enum OutputDistance {
    /** Jensen-Shannon divergence: mean over the tokens, 0 to ln 2 nats; symmetric. */
    JS {
        @Override
        double row(float[] z0, float[] z) {
            double norm0 = logSum(z0);
            double norm = logSum(z);
            double sum = 0;
            for (int i = 0; i < z.length; i++) {
                double p = Math.exp(z0[i] - norm0);
                double q = Math.exp(z[i] - norm);
                sum += share(p, q) + share(q, p);
            }
            return sum / 2;
        }
    },
    /**
     * The form that the method's published code computes: the divergences from the mean
     * distribution to the two instead of from the two to it, and the mean over all elements of the
     * vocabulary in place of their sum. For comparison with rankings made by that code.
     */
    JS_REVERSED {
        @Override
        double row(float[] z0, float[] z) {
            double norm0 = logSum(z0);
            double norm = logSum(z);
            double sum = 0;
            for (int i = 0; i < z.length; i++) {
                double p = z0[i] - norm0;
                double q = z[i] - norm;
                double m = (Math.exp(p) + Math.exp(q)) / 2;
                if (m != 0 && p != q) {
                    sum += m * (Math.log(m) - (p + q) / 2);
                }
            }
            return sum / z.length;
        }
    },
    /**
     * Kullback-Leibler divergence of the changed from the original distribution, mean over all
     * elements of the vocabulary, as the published code has it.
     */
    KL {
        @Override
        double row(float[] z0, float[] z) {
            double norm0 = logSum(z0);
            double norm = logSum(z);
            double sum = 0;
            for (int i = 0; i < z.length; i++) {
                double p = Math.exp(z0[i] - norm0);
                if (p > 0) {
                    sum += p * (z0[i] - norm0 - (z[i] - norm));
                }
            }
            return sum / z.length;
        }
    },
    /** Angle between the outputs in radians, 0 to pi/2: mean over the rows. */
    ANGULAR {
        @Override
        double row(float[] z0, float[] z) {
            double product = 0;
            double square0 = 0;
            double square = 0;
            for (int i = 0; i < z.length; i++) {
                product += (double) z0[i] * z[i];
                square0 += (double) z0[i] * z0[i];
                square += (double) z[i] * z[i];
            }
            if (square0 == 0 && square == 0) {
                return 0;
            }
            double cosine = square0 == 0 || square == 0 ? 0 : product / Math.sqrt(square0 * square);
            return Math.acos(Math.max(0, Math.min(1, cosine)));
        }
    },
    /** Frobenius norm of the difference of a sequence's outputs: mean over the sequences. */
    NORM {
        @Override
        double row(float[] z0, float[] z) {
            double sum = 0;
            for (int i = 0; i < z.length; i++) {
                double difference = (double) z0[i] - z[i];
                sum += difference * difference;
            }
            return sum;
        }
    };

    /** Returns what a row adds. */
    abstract double row(float[] z0, float[] z);

    /** Tells whether rows are taken as logits of distributions. */
    public boolean ofDistributions() {
        return this != ANGULAR && this != NORM;
    }

    /**
     * Returns the distance of one sequence.
     *
     * @param original of the untouched model
     * @param changed as many rows of the same width
     * @return 0 or more; infinite if the changed model's output is not of numbers
     */
    public double of(OutputRows original, OutputRows changed) {
        if (original.rows() != changed.rows() || original.width() != changed.width()) {
            throw new IllegalArgumentException(
                    "expected %d rows of %d, found %d of %d"
                            .formatted(
                                    original.rows(),
                                    original.width(),
                                    changed.rows(),
                                    changed.width()));
        }
        float[] z0 = new float[original.width()];
        float[] z = new float[original.width()];
        double sum = 0;
        for (int row = 0; row < original.rows(); row++) {
            original.row(row, z0);
            changed.row(row, z);
            sum += row(z0, z);
        }
        if (Double.isNaN(sum)) {
            return Double.POSITIVE_INFINITY;
        }
        return Math.max(0, this == NORM ? Math.sqrt(sum) : sum / original.rows());
    }

    /** Returns what a sequence counts in the mean over all. */
    double weight(OutputRows original) {
        return this == NORM ? 1 : original.rows();
    }

    /** Part of KL(p || mean of p and q): exactly 0 where the two are equal. */
    private static double share(double p, double q) {
        return p == 0 ? 0 : p * Math.log(2 * p / (p + q));
    }

    private static double logSum(float[] logits) {
        float highest = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            highest = Math.max(highest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp((double) logit - highest);
        }
        return highest + Math.log(sum);
    }
}
