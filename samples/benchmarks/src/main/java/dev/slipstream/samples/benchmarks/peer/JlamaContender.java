package dev.slipstream.samples.benchmarks.peer;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.weights.Checkpoint;
import dev.slipstream.samples.benchmarks.weights.HuggingFaceDirectory;
import dev.slipstream.samples.benchmarks.weights.WrittenOnce;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Jlama, on a Hugging Face directory. It rounds to 4 bits by itself, by the rule that we have too;
 * it has no 8-bit products of both weights and activations on every machine, so int8 is left out.
 */
public final class JlamaContender implements Peer {
    /** What multiplies. */
    public enum Operations {
        /** Its native library. */
        NATIVE,
        /** The JDK's vector API. */
        PANAMA
    }

    private static final int JAVA = 21;
    private static final List<String> INCUBATOR = List.of("--add-modules", "jdk.incubator.vector");

    private final PeerLibrary library;
    private final Operations operations;
    private final @Nullable Path jdk = Jdk.atLeast(JAVA);

    /**
     * Constructs a contender.
     *
     * @param home see {@link PeerLibrary#home()}
     * @param operations what multiplies
     */
    public JlamaContender(Path home, Operations operations) {
        this.library = new PeerLibrary(home.resolve("jlama"), "jlama-core");
        this.operations = operations;
    }

    @Override
    public String name() {
        return operations == Operations.NATIVE ? "Jlama, native" : "Jlama, Panama";
    }

    @Override
    public @Nullable String missing() {
        return jdk == null
                ? "Jlama: expected a JDK of version %d or later, found none; set JDK_HOME_%d"
                        .formatted(JAVA, JAVA)
                : library.missing();
    }

    @Override
    public Set<Precision> precisions() {
        return Set.of(Precision.FP32, Precision.INT4);
    }

    @Override
    public Path model(Path checkpoint, Precision precision, Path folder) throws IOException {
        Path floats =
                WrittenOnce.at(
                        folder.resolve("safetensors"),
                        directory ->
                                HuggingFaceDirectory.write(
                                        Checkpoint.read(checkpoint.toString()), directory));
        if (precision == Precision.FP32) {
            return floats;
        }
        return WrittenOnce.at(folder.resolve("jlama-q4"), directory -> quantize(floats, directory));
    }

    private void quantize(Path floats, Path directory) throws IOException {
        // It wants to make the directory itself.
        Files.delete(directory);
        List<String> command = java();
        command.addAll(List.of("quantize", floats.toString(), directory.toString(), "Q4"));
        Path log = directory.resolveSibling("jlama-quantize.log");
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(
                        "Jlama cannot quantise " + floats + "; its last words are in " + log);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while Jlama quantised " + floats, e);
        }
    }

    @Override
    public List<String> command(Path model, int threads, int context) {
        try {
            List<String> command = java();
            // Its parts that do not use its own pool use the common one.
            command.add(1, "-Djava.util.concurrent.ForkJoinPool.common.parallelism=" + threads);
            command.addAll(
                    List.of(
                            model.toString(),
                            String.valueOf(threads),
                            String.valueOf(context),
                            "version=" + library.version()));
            if (model.endsWith("jlama-q4")) {
                // As its own examples open quantised models.
                command.add("activations=I8");
            }
            return command;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> java() throws IOException {
        if (jdk == null) {
            throw new IllegalStateException(missing());
        }
        Path child = library.compile(jdk, "JlamaChild", INCUBATOR);
        List<String> command = new ArrayList<>();
        command.add(jdk.resolve("bin/java").toString());
        command.addAll(INCUBATOR);
        command.addAll(List.of("--enable-preview", "--enable-native-access=ALL-UNNAMED"));
        if (operations == Operations.PANAMA) {
            command.add("-Djlama.force_panama_tensor_operations=true");
        }
        command.addAll(List.of("-cp", library.classPath(child)));
        command.add("dev.slipstream.samples.benchmarks.peer.JlamaChild");
        return command;
    }

    @Override
    public double bitsPerWeight(Precision precision) {
        // Scales are 32-bit floats.
        return precision == Precision.FP32 ? 32 : 5;
    }

    @Override
    public String toString() {
        return name();
    }
}
