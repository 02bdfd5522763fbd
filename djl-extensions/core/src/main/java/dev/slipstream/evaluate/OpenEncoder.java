package dev.slipstream.evaluate;

import dev.slipstream.decode.SentenceEncoder;

/**
 * A sentence encoder that is open to be measured; closing it frees it.
 *
 * @param model embeds texts
 * @param footprint what it takes of the machine
 */
public record OpenEncoder(SentenceEncoder model, Footprint footprint) implements AutoCloseable {
    @Override
    public void close() {
        model.close();
    }
}
