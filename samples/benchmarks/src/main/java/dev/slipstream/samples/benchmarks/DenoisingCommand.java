package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.decode.block.ContextReuse;
import dev.slipstream.evaluate.ModelShape;
import dev.slipstream.evaluate.RandomModel;
import dev.slipstream.samples.benchmarks.micro.Denoising;
import dev.slipstream.samples.benchmarks.weights.Checkpoint;
import dev.slipstream.samples.benchmarks.weights.WrittenOnce;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what a block's runs take behind short and long texts, and makes a table of it. */
@Command(
        name = "denoising",
        description = {
            "Measure the denoising runs of blocks behind short and long texts: attention over the"
                    + " text computed, kept and reused. Prints tables in Markdown.",
            "Runs the JMH benchmark Denoising, one JVM a line and way."
        })
final class DenoisingCommand implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--model",
            paramLabel = "NAME|DIR",
            description =
                    "An embedded model or a model directory; left out, random weights in the shape"
                            + " of SmolLM2-135M.")
    private @Nullable String model;

    @Option(
            names = "--weights",
            paramLabel = "NAME",
            description = "fp32, int8 or int4. Default: ${DEFAULT-VALUE}.")
    private String weights = "int4";

    @Option(
            names = "--block",
            split = ",",
            paramLabel = "PLACES",
            description = "Places of a block. Default: ${DEFAULT-VALUE}.")
    private int[] blocks = {16};

    @Option(
            names = "--past",
            split = ",",
            paramLabel = "TOKENS",
            description =
                    "Tokens before the block, two numbers at least. Default: ${DEFAULT-VALUE}.")
    private int[] pasts = {256, 512, 1024, 2048, 4096, 8192};

    @Option(
            names = "--per-run",
            paramLabel = "PLACES",
            description =
                    "Predictions that a run keeps in the mean, which decides how many use attention"
                            + " again. Default: ${DEFAULT-VALUE}.")
    private double perRun = 1.5;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Measured runs, of which the median counts. Default: ${DEFAULT-VALUE}.")
    private int runs = 7;

    @Override
    public Integer call() throws IOException, RunnerException {
        check();
        if (model != null) {
            measure(model);
            return 0;
        }
        Path directory = Files.createTempDirectory("denoising");
        try {
            new RandomModel(shape(), 0).write(directory, written -> {});
            measure(directory.toString());
        } finally {
            WrittenOnce.delete(directory);
        }
        return 0;
    }

    private void check() {
        if (Arrays.stream(pasts).distinct().count() < 2
                || Arrays.stream(pasts).min().orElse(0) < 1) {
            throw new IllegalArgumentException(
                    "--past: expected two or more numbers from 1 on, found "
                            + Arrays.toString(pasts));
        }
        if (Arrays.stream(blocks).min().orElse(0) < 1) {
            throw new IllegalArgumentException(
                    "--block: expected numbers from 1 on, found " + Arrays.toString(blocks));
        }
        if (!(perRun >= 1)) {
            throw new IllegalArgumentException(
                    "--per-run: expected 1 or more, as each run keeps one, found " + perRun);
        }
        if (runs < 1) {
            throw new IllegalArgumentException("--runs: expected 1 or more, found " + runs);
        }
    }

    /** Returns the shape with room for the longest text and block. */
    private ModelShape shape() {
        ModelShape shape = ModelShape.SMOLLM2_135M;
        int longest =
                Arrays.stream(pasts).max().orElseThrow()
                        + Arrays.stream(blocks).max().orElseThrow();
        return new ModelShape(
                shape.name(),
                shape.hidden(),
                shape.layers(),
                shape.heads(),
                shape.keyValueHeads(),
                shape.headSize(),
                shape.intermediate(),
                shape.vocabulary(),
                Math.max(shape.context(), longest),
                shape.rotaryTheta(),
                shape.rotaryFactor());
    }

    private void measure(String location) throws RunnerException {
        DecoderConfig config = Checkpoint.read(location).config();
        long numbers = 2L * config.layers() * config.keyValueHeads() * config.headSize();
        Collection<RunResult> results = run(location);
        for (int block : blocks) {
            SortedMap<Integer, DenoisingTimes.Times> times = new TreeMap<>();
            for (int past : pasts) {
                times.put(
                        past,
                        new DenoisingTimes.Times(
                                median(results, "computed", block, past),
                                median(results, "kept", block, past),
                                median(results, "reused", block, past)));
            }
            double share = DenoisingTimes.reusedShare(block, perRun, ContextReuse.USUAL_CHANGES);
            DenoisingTimes table =
                    new DenoisingTimes(
                            block,
                            share,
                            numbers * Float.BYTES,
                            config.heads() / config.keyValueHeads(),
                            times);
            spec.commandLine().getOut().println(table.markdown());
        }
        spec.commandLine().getOut().flush();
    }

    private Collection<RunResult> run(String location) throws RunnerException {
        return new Runner(
                        new OptionsBuilder()
                                .include("\\." + Denoising.class.getSimpleName() + "\\.")
                                .mode(Mode.SingleShotTime)
                                .timeUnit(TimeUnit.MILLISECONDS)
                                .forks(1)
                                .warmupIterations(2)
                                .measurementIterations(runs)
                                .shouldFailOnError(true)
                                .verbosity(VerboseMode.SILENT)
                                .param("model", location)
                                .param("weights", weights)
                                .param("past", texts(pasts))
                                .param("block", texts(blocks))
                                .build())
                .run();
    }

    private static String[] texts(int[] numbers) {
        return Arrays.stream(numbers).mapToObj(Integer::toString).toArray(String[]::new);
    }

    private static double median(Collection<RunResult> results, String way, int block, int past) {
        return results.stream()
                .filter(result -> result.getParams().getBenchmark().endsWith("." + way))
                .filter(result -> is(result, "block", block) && is(result, "past", past))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalStateException(
                                        "expected a time of %s, block %d, past %d, found none"
                                                .formatted(way, block, past)))
                .getPrimaryResult()
                .getStatistics()
                .getPercentile(50);
    }

    private static boolean is(RunResult result, String name, int value) {
        return result.getParams().getParam(name).equals(Integer.toString(value));
    }
}
