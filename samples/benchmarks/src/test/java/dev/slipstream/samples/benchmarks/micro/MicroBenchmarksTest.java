package dev.slipstream.samples.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.operators.NativeOperators;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark once, with the checks of its own results, on the smallest of everything. */
class MicroBenchmarksTest {
    private static final String MODEL = "stories260k";

    /** What is not named keeps its own choice of values. */
    private static final Map<String, Map<String, String[]>> SMALL =
            Map.ofEntries(
                    Map.entry("AttentionOperator", Map.of("past", values("16"))),
                    Map.entry("BlockAttention", Map.of("past", values("16"), "rows", values("4"))),
                    Map.entry("DecodeStep", Map.of("past", values("8"))),
                    Map.entry("Denoising", Map.of("past", values("300"), "block", values("4"))),
                    Map.entry("DraftGate", Map.of("drafter", values("layer-skip"))),
                    Map.entry("Encoding", Map.of("characters", values("200"))),
                    Map.entry("Gates", Map.of("weights", values("int8"))),
                    Map.entry("IncrementalDecoding", Map.of()),
                    Map.entry("Prefill", Map.of("weights", values("int8"))),
                    Map.entry("PrefixCaching", Map.of("tokens", values("64"))),
                    Map.entry("Sampling", Map.of("vocabulary", values("2000"))),
                    Map.entry("SharedStep", Map.of()),
                    Map.entry("TemplateRendering", Map.of()),
                    Map.entry("Verification", Map.of("weights", values("int8"))));

    private static final Set<String> OPERATORS = Set.of("AttentionOperator", "BlockAttention");

    /** Nothing is timed here, so that others may measure, or test, on the machine meanwhile. */
    @BeforeAll
    static void takeNoLock() {
        System.setProperty("jmh.ignoreLock", "true");
    }

    private static String[] values(String... values) {
        return values;
    }

    static Collection<String> benchmarks() {
        return SMALL.keySet().stream().sorted().toList();
    }

    @ParameterizedTest
    @MethodSource("benchmarks")
    void runsAndGivesWhatItShould(String name) throws RunnerException {
        if (OPERATORS.contains(name) && NativeOperators.library().isEmpty()) {
            assertThatThrownBy(() -> run(name, MODEL, SMALL.get(name)))
                    .hasStackTraceContaining("expected native operators");
            return;
        }
        List<String> missing = new ArrayList<>(methods(name));
        for (RunResult result : run(name, MODEL, SMALL.get(name))) {
            assertThat(result.getPrimaryResult().getScore()).isPositive();
            missing.remove(result.getParams().getBenchmark());
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void leavesNoneOut() {
        assertThat(
                        entries().stream()
                                .map(BenchmarkListEntry::getUserClassQName)
                                .map(name -> name.substring(name.lastIndexOf('.') + 1))
                                .collect(Collectors.toSet()))
                .isEqualTo(SMALL.keySet());
    }

    @Test
    void draftsWithNarrowerFeedForwards() throws RunnerException {
        assertThat(
                        run(
                                "DraftGate.draft$",
                                "storyteller-7m",
                                Map.of("drafter", values("slice"), "weights", values("int8"))))
                .hasSize(1);
    }

    @Test
    void measuresNoFailure() {
        assertThatThrownBy(() -> run("Verification", MODEL, Map.of("past", values("512"))))
                .hasStackTraceContaining(
                        "expected at most the 512 tokens that stories260k reads, found parameters that make 513");
        assertThatThrownBy(() -> run("DecodeStep", MODEL, Map.of("weights", values("int3"))))
                .hasStackTraceContaining("weights: expected fp32, int8 or int4, found int3");
        assertThatThrownBy(() -> run("AttentionOperator", MODEL, Map.of("heads", values("9/2/64"))))
                .hasStackTraceContaining("heads: expected query heads, a divisor of them");
    }

    private static List<BenchmarkListEntry> entries() {
        return BenchmarkList.defaultList()
                .getAll(
                        OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                        List.of())
                .stream()
                .filter(
                        entry ->
                                entry.getUserClassQName()
                                        .startsWith(MicroBenchmark.class.getPackageName() + "."))
                .toList();
    }

    private static List<String> methods(String name) {
        return entries().stream()
                .filter(entry -> entry.getUserClassQName().endsWith("." + name))
                .map(BenchmarkListEntry::getUsername)
                .toList();
    }

    private static Collection<RunResult> run(
            String name, String model, Map<String, String[]> parameters) throws RunnerException {
        ChainedOptionsBuilder options =
                new OptionsBuilder()
                        .include("\\.micro\\." + name)
                        .mode(Mode.SingleShotTime)
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(1))
                        .timeUnit(TimeUnit.MICROSECONDS)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .param("model", model);
        parameters.forEach(options::param);
        return new Runner(options.build()).run();
    }
}
