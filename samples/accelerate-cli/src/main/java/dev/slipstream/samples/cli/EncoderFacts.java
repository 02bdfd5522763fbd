package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.decode.SentenceEncoder;
import java.util.List;

/**
 * What is known of a sentence encoder once it is open.
 *
 * @param pooling {@code mean} or {@code cls}
 * @param maxTokens the most tokens of a text
 * @param dimensions numbers of a vector
 */
record EncoderFacts(String pooling, int maxTokens, int dimensions) {
    static EncoderFacts of(SentenceEncoder encoder) {
        return new EncoderFacts(
                encoder.encoder().pooling().label(),
                encoder.maxTokens(),
                encoder.embed(List.of(""))[0].length);
    }

    void rows(Table facts) {
        facts.row("runs", "yes, as a sentence encoder")
                .row("pooling", pooling)
                .row("longest text", format("%,d tokens", maxTokens))
                .row("vector", format("%,d numbers", dimensions));
    }
}
