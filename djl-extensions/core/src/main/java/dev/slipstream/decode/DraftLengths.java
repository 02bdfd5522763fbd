package dev.slipstream.decode;

import dev.slipstream.runtime.DecoderModel;

/** A rule for the length of drafts, for all requests of one model. */
@FunctionalInterface
public interface DraftLengths {
    /** Returns the rule's state for one request. */
    DraftLength open();

    /**
     * Measures what drafts cost, when a model is opened. Rules that do not ask for it do nothing.
     *
     * @param drafting of the model
     * @param model that nothing else uses meanwhile
     */
    default void measure(Drafting drafting, DecoderModel model) {}
}
