package dev.slipstream.samples.benchmarks.peer;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A child's command line: {@code MODEL THREADS CONTEXT [key=value ...]}.
 *
 * @param model file or directory that the library opens
 * @param threads to compute with
 * @param context the most tokens of a text
 * @param options what only this library knows
 */
public record PeerArguments(Path model, int threads, int context, Map<String, String> options) {
    /** Checks the ranges. */
    public PeerArguments {
        options = Map.copyOf(options);
        if (threads < 1 || context < 2) {
            throw new IllegalArgumentException(
                    "expected 1 thread or more and a context of 2 tokens or more, found %d and %d"
                            .formatted(threads, context));
        }
    }

    /** Reads a command line. */
    static PeerArguments parse(String[] arguments) {
        if (arguments.length < 3) {
            throw new IllegalArgumentException(
                    "expected MODEL THREADS CONTEXT [key=value ...], found "
                            + String.join(" ", arguments));
        }
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 3; i < arguments.length; i++) {
            String[] option = arguments[i].split("=", 2);
            options.put(option[0], option.length == 1 ? "" : option[1]);
        }
        return new PeerArguments(
                Path.of(arguments[0]),
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                options);
    }

    /**
     * Returns an option's value.
     *
     * @param name its key
     * @param absent what to return without it
     */
    public String option(String name, String absent) {
        return options.getOrDefault(name, absent);
    }
}
