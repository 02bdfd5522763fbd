package dev.slipstream.decode;

/** Pearson's goodness-of-fit test. */
public final class ChiSquare {
    private ChiSquare() {}

    /**
     * Returns how likely counts at least as far from the expected ones are, if they were drawn from
     * the probabilities. Bins that expect fewer than 5 are pooled.
     */
    public static double pValue(long[] counts, double[] probabilities) {
        long draws = 0;
        for (long count : counts) {
            draws += count;
        }
        double statistic = 0;
        int bins = 0;
        double pooledExpected = 0;
        long pooledCount = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = draws * probabilities[i];
            if (expected == 0 && counts[i] > 0) {
                return 0;
            }
            if (expected < 5) {
                pooledExpected += expected;
                pooledCount += counts[i];
            } else {
                statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
                bins++;
            }
        }
        if (pooledExpected > 0) {
            double off = pooledCount - pooledExpected;
            statistic += off * off / pooledExpected;
            bins++;
        }
        return bins == 1 ? 1 : upperGamma((bins - 1) / 2.0, statistic / 2);
    }

    /** Returns the regularised upper incomplete gamma function, by series or continued fraction. */
    static double upperGamma(double a, double x) {
        if (x <= 0) {
            return 1;
        }
        double scale = Math.exp(a * Math.log(x) - x - logGamma(a));
        if (x < a + 1) {
            double term = 1 / a;
            double sum = term;
            for (int n = 1; n < 10_000 && term > sum * 1e-16; n++) {
                term *= x / (a + n);
                sum += term;
            }
            return 1 - sum * scale;
        }
        double b = x + 1 - a;
        double c = 1e300;
        double d = 1 / b;
        double h = d;
        for (int n = 1; n < 10_000; n++) {
            double an = -n * (n - a);
            b += 2;
            d = 1 / (an * d + b);
            c = b + an / c;
            h *= d * c;
            if (Math.abs(d * c - 1) < 1e-15) {
                break;
            }
        }
        return h * scale;
    }

    private static double logGamma(double a) {
        double shift = 0;
        double z = a;
        for (; z < 20; z++) {
            shift += Math.log(z);
        }
        return (z - 0.5) * Math.log(z)
                - z
                + 0.5 * Math.log(2 * Math.PI)
                + 1 / (12 * z)
                - 1 / (360 * z * z * z)
                - shift;
    }
}
