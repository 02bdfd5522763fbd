package dev.slipstream.samples.benchmarks.peer;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.contest.JavaCommand;
import dev.slipstream.samples.benchmarks.weights.Gguf;
import dev.slipstream.samples.benchmarks.weights.WeightFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** llama.cpp through {@code de.kherud:llama}, on GGUF files. Keys and values are F16 there. */
public final class LlamaCppContender implements Peer {
    /** Which of its kernels for attention it takes. */
    public enum Attention {
        /** The binding's default. */
        PLAIN,
        /** Its flash attention. */
        FLASH
    }

    private final PeerLibrary library;
    private final Attention attention;

    /**
     * Constructs a contender.
     *
     * @param home see {@link PeerLibrary#home()}
     * @param attention which kernels
     */
    public LlamaCppContender(Path home, Attention attention) {
        this.library = new PeerLibrary(home.resolve("llama.cpp"), "llama");
        this.attention = attention;
    }

    @Override
    public String name() {
        return attention == Attention.FLASH ? "llama.cpp, flash attention" : "llama.cpp";
    }

    @Override
    public @Nullable String missing() {
        return library.missing();
    }

    @Override
    public Set<Precision> precisions() {
        return Set.of(Precision.values());
    }

    @Override
    public Path model(Path checkpoint, Precision precision, Path folder) throws IOException {
        return Gguf.once(checkpoint, WeightFormat.of(precision), folder);
    }

    @Override
    public List<String> command(Path model, int threads, int context) {
        Path jdk = Path.of(System.getProperty("java.home"));
        try {
            Path child = library.compile(jdk, "LlamaCppChild", List.of());
            List<String> arguments = new ArrayList<>();
            arguments.addAll(
                    List.of(
                            model.toString(),
                            String.valueOf(threads),
                            String.valueOf(context),
                            "version=" + library.version()));
            if (attention == Attention.FLASH) {
                arguments.add("flash=on");
            }
            return JavaCommand.of(
                    "dev.slipstream.samples.benchmarks.peer.LlamaCppChild",
                    library.classPath(child),
                    List.of(),
                    arguments);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int cacheBytes() {
        return Short.BYTES;
    }

    @Override
    public String toString() {
        return name();
    }
}
