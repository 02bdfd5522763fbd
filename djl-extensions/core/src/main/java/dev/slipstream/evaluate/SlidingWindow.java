package dev.slipstream.evaluate;

/**
 * How a text longer than the context is read: by windows that overlap, so that a token at the start
 * of one still has the end of the one before as its context.
 *
 * @param length tokens that a window foretells, at least 1
 * @param stride from the start of a window to that of the next, 1 to {@code length}; what both
 *     contain is counted in the first and context in the second
 */
public record SlidingWindow(int length, int stride) {
    /** The longest window where none is asked for. */
    private static final int USUAL_LENGTH = 512;

    /** Checks the ranges. */
    public SlidingWindow {
        if (length < 1) {
            throw new IllegalArgumentException(
                    "window length: expected 1 or more, found " + length);
        }
        if (stride < 1 || stride > length) {
            throw new IllegalArgumentException(
                    "window stride: expected 1 to the window's length %d, found %d"
                            .formatted(length, stride));
        }
    }

    /**
     * Returns windows of 512 tokens, or of the whole context where that is shorter, which overlap
     * by half.
     *
     * @param contextLength of the model in tokens
     */
    public static SlidingWindow within(int contextLength) {
        return halfOverlapping(Math.min(contextLength, USUAL_LENGTH));
    }

    /**
     * Returns windows that overlap by half.
     *
     * @param length of a window in tokens
     */
    public static SlidingWindow halfOverlapping(int length) {
        return new SlidingWindow(length, Math.max(1, length / 2));
    }
}
