package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.contest.Contender;
import dev.slipstream.samples.benchmarks.contest.LlamaBench;
import dev.slipstream.samples.benchmarks.contest.Running;
import dev.slipstream.samples.benchmarks.weights.Gguf;
import dev.slipstream.samples.benchmarks.weights.WeightFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The llama.cpp that a path leads to.
 *
 * @param binary of {@code llama-bench}
 */
record LlamaBenchContender(Path binary) implements Contender {
    static final String NAME = "llama.cpp (llama-bench)";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Set<Precision> precisions() {
        return EnumSet.allOf(Precision.class);
    }

    @Override
    public Path model(Path checkpoint, Precision precision, Path folder) throws IOException {
        return Gguf.once(checkpoint, WeightFormat.of(precision), folder);
    }

    @Override
    public List<String> command(Path model, int threads, int context) {
        return List.of(binary.toString(), "-m", model.toString(), "-t", String.valueOf(threads));
    }

    @Override
    public Running start(Path model, int threads, int context, Path errors, Duration limit) {
        return new LlamaBench(binary, model, threads, errors, limit);
    }

    /** Half precision is its default. */
    @Override
    public int cacheBytes() {
        return Short.BYTES;
    }
}
