package dev.slipstream.pass;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A process of its own that asks a cache: the directory, a name that it gives to what it makes, and
 * keys. It says what it does on standard output, while it makes a graph it waits for a byte of
 * standard input, and it stays until that ends.
 */
final class CachingProcess {
    private CachingProcess() {}

    public static void main(String[] arguments) throws IOException {
        PassCache cache = new PassCache(Path.of(arguments[0]));
        for (String key : List.of(arguments).subList(2, arguments.length)) {
            Pipeline.Result result = cache.get(key, () -> made(arguments[1]));
            System.out.println("has " + result.reports().get(0).lines());
        }
        System.out.flush();
        System.in.readAllBytes();
    }

    private static Pipeline.Result made(String by) {
        System.out.println("makes");
        try {
            System.in.read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        PassSpec spec = new PassSpec("scale", Map.of());
        return new Pipeline.Result(
                PassCacheTest.graph(1), List.of(new PassReport(spec, List.of(by), Map.of())));
    }
}
