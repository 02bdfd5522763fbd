package dev.slipstream.decode.block;

import dev.slipstream.runtime.ContextAttention;
import org.jspecify.annotations.Nullable;

/** Follows one request: whether its session keeps a block's attention that is still good enough. */
final class ContextKeeper {
    private final @Nullable ContextReuse rule;

    /** Places of the block when its attention was kept; 0 if none is. */
    private int places;

    /** Known places of the block then. */
    private int known;

    private ContextAttention last = ContextAttention.COMPUTED;

    ContextKeeper(@Nullable ContextReuse rule) {
        this.rule = rule;
    }

    /** Forgets what is kept: another block begins, or something else was run. */
    void forget() {
        places = 0;
    }

    /**
     * Decides about the next run of a block.
     *
     * @param block as it goes in
     * @param context tokens before it
     */
    ContextAttention next(ActiveBlock block, int context) {
        last = decide(block, context);
        return last;
    }

    /** Returns the last decision. */
    ContextAttention last() {
        return last;
    }

    private ContextAttention decide(ActiveBlock block, int context) {
        if (rule == null || context < rule.minimumContext()) {
            return ContextAttention.COMPUTED;
        }
        int knownNow = block.length() - block.unknown();
        if (places == block.length() && knownNow - known < rule.changes()) {
            return ContextAttention.REUSED;
        }
        places = block.length();
        known = knownNow;
        return ContextAttention.KEPT;
    }
}
