package dev.slipstream.zoo;

import java.util.Locale;

/** The ways to draft that a user can name, in order of what a draft costs. */
public enum DrafterKind {
    /** None: plain decoding. */
    NONE,
    /** What followed the same words earlier in prompt or answer. */
    PROMPT_LOOKUP,
    /** What followed the same words in documents of the user. */
    CORPUS,
    /** The model without some of its sub-layers. */
    LAYER_SKIP,
    /** The model with narrower feed-forwards, if it was trained for them. */
    SLICE,
    /** Another, smaller model. */
    MODEL,
    /** A model that writes blocks, which drafts by them. */
    DIFFUSPEC,
    /** Several of these in order; the first with a confident proposal wins. */
    CHAIN;

    /**
     * Returns the kind that a user names, such as {@code prompt-lookup}.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static DrafterKind parse(String name) {
        return OptionTexts.constant(DrafterKind.class, name);
    }

    /** Returns the name that users know it by. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
