package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.ForwardingGenerator;
import dev.slipstream.decode.TextGenerator;

/** A decorator that shows in the name that it is there. */
final class Renamed extends ForwardingGenerator {
    private final String by;

    Renamed(TextGenerator generator, String by) {
        super(generator);
        this.by = by;
    }

    @Override
    public String name() {
        return by + "(" + super.name() + ")";
    }
}
