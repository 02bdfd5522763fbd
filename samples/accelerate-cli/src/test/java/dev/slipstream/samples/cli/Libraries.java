package dev.slipstream.samples.cli;

import dev.slipstream.decode.TextGenerator;
import dev.slipstream.zoo.LoadOptions;
import java.util.List;
import java.util.function.BiFunction;

/** Libraries for tests. */
final class Libraries {
    private Libraries() {}

    /** Returns one of two models, {@code tale} and {@code poem}, that can only generate. */
    static Library scripted(BiFunction<String, LoadOptions, ? extends TextGenerator> generators) {
        return new Library(
                () -> List.of("tale", "poem"),
                (location, options) -> {
                    throw new AssertionError("a test read " + location);
                },
                generators,
                (location, options) -> {
                    throw new AssertionError("a test opened " + location);
                });
    }
}
