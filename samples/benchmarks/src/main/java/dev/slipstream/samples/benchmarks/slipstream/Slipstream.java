package dev.slipstream.samples.benchmarks.slipstream;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.contest.Contender;
import dev.slipstream.samples.benchmarks.contest.JavaCommand;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Slipstream in one setting.
 *
 * @param name that tables show
 * @param precision of the weights
 * @param jvm options of its JVM
 * @param settings further options, see {@link SlipstreamSettings}
 */
public record Slipstream(String name, Precision precision, List<String> jvm, List<String> settings)
        implements Contender {
    /** What tables call it without any acceleration. */
    public static final String PLAIN = "Slipstream";

    private static final long CACHE = 64L << 20;

    /** Copies the lists. */
    public Slipstream {
        jvm = List.copyOf(jvm);
        settings = List.copyOf(settings);
    }

    /** Returns plain decoding. */
    public static Slipstream plain(Precision precision) {
        return new Slipstream(PLAIN, precision, List.of(), List.of());
    }

    /** Returns this with another name and more settings. */
    public Slipstream with(String otherName, String... more) {
        List<String> all = new ArrayList<>(settings);
        all.addAll(List.of(more));
        return new Slipstream(otherName, precision, jvm, all);
    }

    /** Returns this with more options of the JVM. */
    public Slipstream withJvm(String... more) {
        List<String> all = new ArrayList<>(jvm);
        all.addAll(List.of(more));
        return new Slipstream(name, precision, all, settings);
    }

    @Override
    public Set<Precision> precisions() {
        return EnumSet.of(precision);
    }

    @Override
    public Path model(Path checkpoint, Precision weights, Path folder) {
        return checkpoint;
    }

    @Override
    public List<String> command(Path model, int threads, int context) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                model.toString(),
                                Integer.toString(threads),
                                Integer.toString(context),
                                "weights=" + precision.name().toLowerCase(Locale.ROOT)));
        arguments.addAll(settings);
        return JavaCommand.of(SlipstreamChild.class, jvm, arguments);
    }

    @Override
    public List<String> profiling(Path model, int threads, int context, Path prefix) {
        return withJvm("-Dslipstream.profile=" + prefix).command(model, threads, context);
    }

    /** The drafters that need nothing but the model, and what was read before. */
    @Override
    public List<Contender> accelerated() {
        return List.of(
                with(PLAIN + ", prompt-lookup", "drafter=prompt-lookup"),
                with(PLAIN + ", slice", "drafter=slice"),
                with(PLAIN + ", layer-skip", "drafter=layer-skip"),
                with(PLAIN + ", prefix cache", "prefix-cache=" + CACHE),
                with(
                        PLAIN + ", prompt-lookup and prefix cache",
                        "drafter=prompt-lookup",
                        "prefix-cache=" + CACHE));
    }

    @Override
    public Contender keepingIn(Path directory) {
        return with(name, "cache-directory=" + directory);
    }

    @Override
    public Contender forStreams(int streams) {
        return with(name, "requests=" + streams);
    }

    /** One 32-bit scale for 32 weights. */
    @Override
    public double bitsPerWeight(Precision weights) {
        return weights == Precision.FP32 ? 32 : 1 + (weights == Precision.INT8 ? 8 : 4);
    }
}
