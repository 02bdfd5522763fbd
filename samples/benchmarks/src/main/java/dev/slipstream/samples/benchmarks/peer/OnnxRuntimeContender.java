package dev.slipstream.samples.benchmarks.peer;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.contest.JavaCommand;
import dev.slipstream.samples.benchmarks.weights.OnnxForm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** ONNX Runtime with a loop of a user's own, on the graph that {@code accelerate} writes too. */
public final class OnnxRuntimeContender implements Peer {
    @Override
    public String name() {
        return "ONNX Runtime, bare loop";
    }

    @Override
    public @Nullable String missing() {
        return null;
    }

    @Override
    public Set<Precision> precisions() {
        return Set.of(Precision.values());
    }

    @Override
    public Path model(Path checkpoint, Precision precision, Path folder) throws IOException {
        return OnnxForm.IN_PLACE.once(checkpoint, precision, folder);
    }

    @Override
    public List<String> command(Path model, int threads, int context) {
        return JavaCommand.of(
                OnnxRuntimeChild.class,
                List.of(),
                List.of(model.toString(), String.valueOf(threads), String.valueOf(context)));
    }

    @Override
    public List<String> profiling(Path model, int threads, int context, Path prefix) {
        return JavaCommand.of(
                OnnxRuntimeChild.class,
                List.of(),
                List.of(
                        model.toString(),
                        String.valueOf(threads),
                        String.valueOf(context),
                        "profile=" + prefix));
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
