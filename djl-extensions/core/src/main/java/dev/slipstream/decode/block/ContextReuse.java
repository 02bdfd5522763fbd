package dev.slipstream.decode.block;

/**
 * When the attention of a block over the text before it is kept for the block's next runs
 * (FlashBlock, Chen and others 2026): saves reading the keys and values of a long text, and is not
 * exact where a layer's input has changed.
 *
 * @param minimumContext tokens before the block from which on it is worth it
 * @param changes how many places that became known since it was kept make it worth computing again;
 *     2 is usual, 1 takes it only where nothing changed
 */
public record ContextReuse(int minimumContext, int changes) {
    /**
     * Tokens before a block from which on it is taken to be worth it where nothing else is said.
     * Measured on the shape of SmolLM2-135M, int4, blocks of 16: nothing is gained at 512 tokens,
     * 20 % of the time at 1,024 and 37 % at 8,192; {@code docs/flashblock.md} says how.
     */
    public static final int USUAL_CONTEXT = 512;

    /** Places that became known: the authors' choice, whose answers held with it. */
    public static final int USUAL_CHANGES = 2;

    /** Checks the ranges. */
    public ContextReuse {
        if (minimumContext < 0) {
            throw new IllegalArgumentException(
                    "minimum context: expected 0 or more tokens, found " + minimumContext);
        }
        if (changes < 1) {
            throw new IllegalArgumentException("changes: expected 1 or more, found " + changes);
        }
    }

    /**
     * Constructs the usual rule: after one change.
     *
     * @param minimumContext tokens before the block from which on it is worth it
     */
    public ContextReuse(int minimumContext) {
        this(minimumContext, USUAL_CHANGES);
    }

    /**
     * Returns what a text says: settings by commas, {@code from} (the least tokens before a block;
     * {@link #USUAL_CONTEXT} if left out) and {@code changes} ({@link #USUAL_CHANGES}), such as
     * {@code from=1000,changes=2}.
     *
     * @throws IllegalArgumentException if a setting is unknown, is there twice, or has a wrong
     *     value
     */
    public static ContextReuse parse(String text) {
        Settings settings = Settings.parse("context reuse", text);
        ContextReuse result =
                new ContextReuse(
                        settings.take("from", USUAL_CONTEXT, Integer::valueOf),
                        settings.take("changes", USUAL_CHANGES, Integer::valueOf));
        settings.checkNoneLeft();
        return result;
    }

    /** Returns the settings by commas. */
    @Override
    public String toString() {
        return "from=%d,changes=%d".formatted(minimumContext, changes);
    }
}
