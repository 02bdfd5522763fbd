package dev.slipstream.runtime;

/** How much of a model one run computes, for models that hold a smaller model of themselves. */
public enum Depth {
    /** Everything. */
    FULL,
    /** The part that drafts: narrower feed-forwards, or some sub-layers left out. */
    DRAFT
}
