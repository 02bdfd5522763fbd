package dev.slipstream.samples.benchmarks.peer;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.contest.JavaCommand;
import dev.slipstream.samples.benchmarks.weights.OnnxForm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
        return OnnxForm.GROWING.once(checkpoint, precision, folder);
    }

    @Override
    public List<String> command(Path model, int threads, int context) {
        return JavaCommand.of(
                DjlChild.class.getName(),
                library.classPath(null),
                // Its native libraries come from the jars, and are unpacked beside them.
                List.of(
                        "-Dai.djl.offline=true",
                        "-DDJL_CACHE_DIR=" + library.folder().resolve("cache"),
                        "-Dai.djl.pytorch.num_threads=" + threads),
                List.of(model.toString(), String.valueOf(threads), String.valueOf(context)));
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
