package dev.slipstream.decode;

/**
 * Sums of {@code exp((score - highest) / temperature)} over each {@value #GROUP} tokens, to {@link
 * #TOLERANCE} of their total: enough to tell what to compute exactly, and when that cannot be told.
 *
 * <p>The exponential is of multiplications and additions alone, in loops that C2 turns into vector
 * instructions: {@code exp(-x) = exp(-x / 256)^256}, of which the inner one is a Taylor polynomial
 * of degree 6. It is off by 3e-11 at x = 12 and by more only where tokens weigh less; of a million
 * tokens, wherever they are, it puts the total off by less than 1e-10.
 */
final class SoftmaxSums {
    static final int GROUP = 1024;

    /**
     * How far a sum may be off, relative to the total. The polynomial takes 1e-10 of it, and a sum
     * of a million weights one by one, which is what it is compared with, 1e-10 at worst.
     */
    static final double TOLERANCE = 1e-9;

    /** Of tokens as far below the highest or farther, a million weigh 4e-12. */
    static final double FAR = 40;

    private final RowScores row;
    private final double temperature;
    private final double[] sums;
    private final float[] near;
    private final double[] terms;
    private double total;

    SoftmaxSums(RowScores row, double temperature) {
        this.row = row;
        this.temperature = temperature;
        sums = new double[(row.vocabularySize() + GROUP - 1) / GROUP];
        near = new float[Math.min(GROUP, row.vocabularySize())];
        terms = new double[near.length];
    }

    /**
     * Adds up the row's groups.
     *
     * @param highest score
     * @return false if that cannot be done to the tolerance
     */
    boolean update(double highest) {
        double scale = 1 / (256 * temperature);
        // A temperature so low that the rounding to floats counts beside it.
        boolean cold = !(FAR * temperature > 1e-5 * Math.abs(highest)) || scale > Float.MAX_VALUE;
        if (cold || row.isRough()) {
            return false;
        }
        float least = (float) (highest - FAR * temperature);
        for (int group = 0; group < sums.length; group++) {
            int from = group * GROUP;
            int count = Math.min(GROUP, row.vocabularySize() - from);
            System.arraycopy(row.values(), from, near, 0, count);
            raise(near, count, least);
            scale(near, count, highest, scale, terms);
            exponentiate(terms, count);
            sums[group] = count == GROUP ? fold(terms) : add(terms, count);
        }
        correctAdjusted(highest);
        total = add(sums, sums.length);
        return true;
    }

    int groups() {
        return sums.length;
    }

    double group(int index) {
        return sums[index];
    }

    double total() {
        return total;
    }

    static void raise(float[] values, int count, float least) {
        for (int i = 0; i < count; i++) {
            values[i] = Math.max(values[i], least);
        }
    }

    /** C2 of JDK 17 does not vectorise conversions, 14 us for 49,152; so it stands alone. */
    static void scale(float[] values, int count, double highest, double factor, double[] to) {
        for (int i = 0; i < count; i++) {
            to[i] = (values[i] - highest) * factor;
        }
    }

    static void exponentiate(double[] terms, int count) {
        for (int i = 0; i < count; i++) {
            double x = terms[i];
            double y = x * (1.0 / 720) + 1.0 / 120;
            y = y * x + 1.0 / 24;
            y = y * x + 1.0 / 6;
            y = y * x + 0.5;
            y = y * x + 1;
            y = y * x + 1;
            y *= y;
            y *= y;
            y *= y;
            y *= y;
            y *= y;
            y *= y;
            y *= y;
            y *= y;
            terms[i] = y;
        }
    }

    /** Adds by halves: a sum in one variable waits for every addition. */
    static double fold(double[] terms) {
        for (int i = 0; i < 512; i++) {
            terms[i] += terms[512 + i];
        }
        for (int i = 0; i < 256; i++) {
            terms[i] += terms[256 + i];
        }
        for (int i = 0; i < 128; i++) {
            terms[i] += terms[128 + i];
        }
        return add(terms, 128);
    }

    static double add(double[] terms, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += terms[i];
        }
        return sum;
    }

    /** What was added for them is of their nearest floats. */
    private void correctAdjusted(double highest) {
        LogitAdjustments adjustments = row.adjustments();
        double least = highest - FAR * temperature;
        for (int i = 0; i < adjustments.count(); i++) {
            int token = adjustments.token(i);
            double score = row.adjusted(i);
            boolean rounded = score != row.values()[token];
            if (rounded && score > least && !adjustments.comesAgain(i)) {
                sums[token / GROUP] +=
                        Math.exp((score - highest) / temperature)
                                - Math.exp((row.values()[token] - highest) / temperature);
            }
        }
    }
}
