package dev.slipstream.pass;

import java.util.stream.IntStream;

/**
 * How far a changed model's output is from the original's (Zhang and others, FinerCut, 2024). Each
 * sequence is run alone, so that no padding is among the rows.
 */
public enum OutputDistance {
    /** Jensen-Shannon divergence: mean over the tokens, 0 to ln 2 nats; symmetric. */
    JS {
        @Override
        double row(float[] z0, float[] z) {
            double[] p = new double[z.length];
            double[] q = new double[z.length];
            double norm0 = softmax(z0, p);
            double norm = softmax(z, q);
            double sum = 0;
            for (int i = 0; i < z.length; i++) {
                // Equal ones add exactly nothing, so that ties are ties.
                if (p[i] != q[i]) {
                    // The half of the smallest number would be 0.
                    double m = Math.log(p[i] + q[i]) - Math.log(2);
                    sum += share(p[i], z0[i] - norm0 - m) + share(q[i], z[i] - norm - m);
                }
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
            double[] p = new double[z.length];
            double[] q = new double[z.length];
            double norm0 = softmax(z0, p);
            double norm = softmax(z, q);
            double sum = 0;
            for (int i = 0; i < z.length; i++) {
                double m = (p[i] + q[i]) / 2;
                if (p[i] != q[i] && m != 0) {
                    sum += m * (Math.log(m) - (z0[i] - norm0 + (z[i] - norm)) / 2);
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
            double[] p = new double[z.length];
            double norm0 = softmax(z0, p);
            double norm = softmax(z, new double[z.length]);
            double sum = 0;
            for (int i = 0; i < z.length; i++) {
                sum += share(p[i], z0[i] - norm0 - (z[i] - norm));
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
        // Of 128,000 logits a row takes some 7 ms, and a ranking thousands of sequences; the sum is
        // in the order of the rows, so that it has the same bits on any number of cores.
        double sum = 0;
        for (double one : rows(original, changed)) {
            sum += one;
        }
        if (Double.isNaN(sum)) {
            return Double.POSITIVE_INFINITY;
        }
        return Math.max(0, this == NORM ? Math.sqrt(sum) : sum / original.rows());
    }

    private double[] rows(OutputRows original, OutputRows changed) {
        return IntStream.range(0, original.rows())
                .parallel()
                .mapToDouble(
                        row -> {
                            float[] z0 = new float[original.width()];
                            float[] z = new float[original.width()];
                            original.row(row, z0);
                            changed.row(row, z);
                            return row(z0, z);
                        })
                .toArray();
    }

    /** Returns what a sequence counts in the mean over all. */
    double weight(OutputRows original) {
        return this == NORM ? 1 : original.rows();
    }

    /** Of the logarithm of a ratio: what is impossible adds nothing, however small. */
    private static double share(double p, double logarithm) {
        return p == 0 ? 0 : p * logarithm;
    }

    /**
     * Fills in probabilities, and returns what was taken from each logit before the exponential.
     */
    private static double softmax(float[] logits, double[] probabilities) {
        float highest = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            highest = Math.max(highest, logit);
        }
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = Math.exp((double) logits[i] - highest);
            sum += probabilities[i];
        }
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] /= sum;
        }
        return highest + Math.log(sum);
    }
}
