package dev.slipstream.decode;

/**
 * Uniform random numbers that a seed fixes for ever: SplitMix64 (Steele, Lea and Flood 2014). The
 * JDK promises the same sequence for a seed only within one program; this one is the same on every
 * machine and release.
 */
public final class RandomDraws {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    /**
     * Constructs a sequence.
     *
     * @param seed any number
     */
    public RandomDraws(long seed) {
        state = seed;
    }

    /** Returns 64 random bits. */
    public long nextLong() {
        state += GOLDEN_GAMMA;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns a number from 0 (inclusive) to 1 (exclusive), a multiple of 2^-53. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }
}
