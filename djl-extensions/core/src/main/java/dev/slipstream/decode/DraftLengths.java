package dev.slipstream.decode;

/** A rule for the length of drafts, for all requests of one model. */
@FunctionalInterface
public interface DraftLengths {
    /** Returns the rule's state for one request. */
    DraftLength open();
}
