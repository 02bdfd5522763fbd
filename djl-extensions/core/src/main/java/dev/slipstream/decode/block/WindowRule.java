package dev.slipstream.decode.block;

/**
 * How far ahead {@link AdaBlock} looks for a delimiter. The paper's published code and its text
 * differ; both are a quarter of something, rounded down, and never more than what may still come.
 */
public enum WindowRule {
    /** A quarter of the whole answer's length: the authors' code. */
    RELEASED {
        @Override
        int places(int generated, int remaining) {
            return Math.min((int) (((long) generated + remaining) / 4), remaining);
        }
    },

    /**
     * A quarter of what has been written so far, at least one place: the first block looks at one
     * place only and so nearly always gets the usual length.
     */
    GENERATED {
        @Override
        int places(int generated, int remaining) {
            return Math.min(Math.max(1, generated / 4), remaining);
        }
    };

    /**
     * Returns how many places from the block's start on are searched.
     *
     * @param generated tokens of the answer before the block
     * @param remaining tokens of the answer that may still come
     */
    abstract int places(int generated, int remaining);
}
