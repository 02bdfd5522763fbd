package dev.slipstream.zoo;

import java.util.Locale;

/** The ways to write a text that a user can name. */
public enum DecoderKind {
    /**
     * By blocks if the model was taught to and can do so here, and no drafter is asked for; else
     * token by token.
     */
    AUTO,
    /** Token by token, from drafts where a drafter is asked for. */
    AUTOREGRESSIVE,
    /** By blocks, several tokens a run; models that cannot are refused. */
    BLOCKS;

    /**
     * Returns the kind that a user names, such as {@code blocks}.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static DecoderKind parse(String name) {
        return OptionTexts.constant(DecoderKind.class, name);
    }

    /** Returns the name that users know it by. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
