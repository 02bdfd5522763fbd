package dev.slipstream.pass;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A process of its own that asks a cache. It says what it does on standard output, and while it
 * makes a graph it waits for a byte of standard input.
 */
final class CachingProcess {
    private CachingProcess() {}

    public static void main(String[] arguments) {
        Pipeline.Result result =
                new PassCache(Path.of(arguments[0]))
                        .get(
                                "key",
                                () -> {
                                    System.out.println("makes");
                                    try {
                                        System.in.read();
                                    } catch (IOException e) {
                                        throw new UncheckedIOException(e);
                                    }
                                    return made(arguments[1]);
                                });
        System.out.println("has " + result.reports().get(0).lines());
        System.out.flush();
    }

    private static Pipeline.Result made(String by) {
        PassSpec spec = new PassSpec("scale", Map.of());
        return new Pipeline.Result(
                PassCacheTest.graph(1), List.of(new PassReport(spec, List.of(by), Map.of())));
    }
}
