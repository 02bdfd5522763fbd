package dev.slipstream.samples.benchmarks.peer;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.weights.Checkpoint;
import dev.slipstream.samples.benchmarks.weights.OnnxForm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** DJL's own {@code TextGenerator} on ONNX Runtime, with PyTorch's NDArrays between its steps. */
public final class DjlContender implements Peer {
    private final PeerLibrary library;

    /**
     * Constructs a contender.
     *
     * @param home see {@link PeerLibrary#home()}
     */
    public DjlContender(Path home) {
        this.library = new PeerLibrary(home.resolve("djl"), "pytorch-engine");
    }

    @Override
    public String name() {
        return "DJL TextGenerator";
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
        return ModelFolder.once(
                folder.resolve("onnx-growing-" + precision.name().toLowerCase(Locale.ROOT)),
                directory ->
                        OnnxForm.GROWING.write(
                                Checkpoint.read(checkpoint.toString()), precision, directory));
    }

    @Override
    public List<String> command(Path model, int threads, int context) {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        // Its native libraries come from the jars, and are unpacked beside them.
        command.add("-Dai.djl.offline=true");
        command.add("-DDJL_CACHE_DIR=" + library.folder().resolve("cache"));
        command.add("-Dai.djl.pytorch.num_threads=" + threads);
        command.addAll(List.of("-cp", library.classPath(null)));
        command.add(DjlChild.class.getName());
        command.addAll(List.of(model.toString(), String.valueOf(threads), String.valueOf(context)));
        return command;
    }

    @Override
    public double bitsPerWeight(Precision precision) {
        return ScaleBits.of(precision);
    }

    @Override
    public String toString() {
        return name();
    }
}
