package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.ForwardingGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.schedule.QueueFullException;

/** Meters every request of a model. */
final class MeteredGenerator extends ForwardingGenerator {
    private final RequestMeters meters;

    MeteredGenerator(TextGenerator generator, RequestMeters meters) {
        super(generator);
        this.meters = meters;
    }

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        try {
            return new MeteredStream(super.stream(prompt, options), meters);
        } catch (QueueFullException e) {
            meters.rejected();
            throw e;
        }
    }
}
