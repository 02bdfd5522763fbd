package dev.slipstream.decode.draft;

/** Where the part of a model that drafts keeps its keys and values. */
public enum DraftCache {
    /**
     * In the request's own, behind the text; the verification overwrites them. The draft sees the
     * whole model's keys and values of the text, reads no prompt and takes no memory.
     */
    SHARED,
    /**
     * In a second cache, which only drafts write: the draft reads prompt and text itself. For parts
     * whose keys and values differ much from the whole model's.
     */
    OWN
}
