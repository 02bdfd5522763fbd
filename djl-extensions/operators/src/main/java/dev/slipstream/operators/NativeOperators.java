package dev.slipstream.operators;

import dev.slipstream.runtime.OperatorLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the native library of the domain {@code dev.slipstream}: causal attention that gives a row
 * the same bits in every run, and what lets rows skip feed-forwards at little cost.
 *
 * <p>A library of operators stays loaded until the JVM ends, once a session has registered it.
 */
public final class NativeOperators implements OperatorLibrary {
    private static final String NAME = "libslipstream_operators.so";

    private static @Nullable Path unpacked;

    /** Constructs an instance for {@link java.util.ServiceLoader}. */
    public NativeOperators() {}

    @Override
    public Optional<Path> file() {
        return library();
    }

    /**
     * Unpacks the library that was built for this operating system and processor from the jar, once
     * for the JVM, to a temporary file that only this user can read and that is deleted when the
     * JVM ends. Safe for use by many threads.
     *
     * @return the file; empty unless this is Linux on x86-64 and the jar was built where a C++
     *     compiler was. Any x86-64 processor will do: it uses AVX-512 or AVX2 where there is one.
     * @throws UncheckedIOException if the temporary directory cannot be written
     */
    public static synchronized Optional<Path> library() {
        Path file = unpacked;
        // Those who clean temporary directories take files that nobody opened for days.
        if (file == null || !Files.exists(file)) {
            file = unpack("/META-INF/slipstream/native/" + platform() + "/" + NAME);
            unpacked = file;
        }
        return Optional.ofNullable(file);
    }

    private static @Nullable Path unpack(String resource) {
        try (InputStream library = NativeOperators.class.getResourceAsStream(resource)) {
            if (library == null) {
                return null;
            }
            Path file = Files.createTempFile("slipstream-operators-", ".so");
            file.toFile().deleteOnExit();
            try (OutputStream out = Files.newOutputStream(file)) {
                library.transferTo(out);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "%s: cannot be unpacked to the temporary directory %s; free space there, or name another with -Djava.io.tmpdir"
                            .formatted(NAME, System.getProperty("java.io.tmpdir")),
                    e);
        }
    }

    private static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch");
        return system + "-" + (processor.equals("amd64") ? "x86_64" : processor);
    }
}
