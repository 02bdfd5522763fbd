package dev.slipstream.evaluate;

import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.LanguageModel;

/**
 * A model that is open to be measured.
 *
 * @param model runs it
 * @param effort what its requests ask for
 * @param footprint what it takes of the machine
 * @param closing frees what was opened for it
 */
public record OpenCandidate(
        LanguageModel model, EffortRequest effort, Footprint footprint, Runnable closing)
        implements AutoCloseable {
    @Override
    public void close() {
        closing.run();
    }
}
