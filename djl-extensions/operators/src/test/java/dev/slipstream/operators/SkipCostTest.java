package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prints how much of what removing feed-forwards would save skipping them saves, in the form in
 * which models are opened: processor time of one thread, SmolLM-135M's shape with a smaller
 * vocabulary, runs of all models in turn. Models are opened several times, as where their weights
 * come to lie moves a ratio by some percent.
 */
@Tag("thorough")
class SkipCostTest {
    private static final int PAST = 64;
    private static final int START = 6;
    private static final int SKIPPED = 8;
    private static final int ROUNDS = 200;
    private static final int OPENINGS = 5;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static final DrawnModel.Shape SHAPE =
            new DrawnModel.Shape(30, 576, 1536, 9, 3, 64, 4096);

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    /** A model that reads the same tokens again and again. */
    private static final class Timed implements AutoCloseable {
        private final DecoderModel model;
        private final DecoderSession session;
        private final Turn turn;
        private final long[] times = new long[ROUNDS];

        Timed(OnnxModel graph, Effort effort, int[] tokens) {
            model = DecoderModel.open(graph, 2 * PAST, new RuntimeOptions(1, Spinning.OFF, 1));
            session = model.newSession();
            session.forward(tokens, 0, PAST, LogitRows.LAST);
            turn = new Turn(session, tokens, PAST, tokens.length, LogitRows.LAST, effort, 0);
        }

        /** Returns how many feed-forwards were skipped. */
        long run(int round) {
            long skipped = session.skippedSubLayers();
            long before = THREADS.getCurrentThreadCpuTime();
            model.forward(turn);
            times[round] = THREADS.getCurrentThreadCpuTime() - before;
            session.rollback(PAST);
            return session.skippedSubLayers() - skipped;
        }

        /** The tenth percentile: what neighbours on the machine disturb least. */
        double tenth() {
            Arrays.sort(times);
            return times[ROUNDS / 10] / 1e6;
        }

        @Override
        public void close() {
            model.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"INT4, 1", "INT8, 1", "FP32, 1", "INT4, 4"})
    void saves(Precision precision, int rows) throws IOException {
        DrawnModel.LLAMA.write(directory, new Random(1), SHAPE);
        OnnxModel plain = DrawnModel.graph(directory, precision, DrawnModel.Part.NONE, 2 * PAST);
        String removed =
                IntStream.rangeClosed(START + 1, START + SKIPPED)
                        .mapToObj(layer -> "feed-forward." + layer)
                        .collect(Collectors.joining(","));
        OnnxModel shorter = apply(plain, "remove:sub-layers=(" + removed + ")");
        OnnxModel gated =
                apply(
                        plain,
                        "ffn-skip:cold-start=%d,cold-end=%d,threshold=0.9,count=%d,rearm=false"
                                .formatted(START, SHAPE.layers() - 2, SKIPPED));
        Effort skipping = new Effort(List.of(), List.of(), new Effort.Skipping(-1, SKIPPED, false));
        int[] tokens = new Random(2).ints(PAST + rows, 0, SHAPE.vocabulary()).toArray();
        double[] saved = new double[OPENINGS];
        double[] costs = new double[OPENINGS];
        for (int opening = 0; opening < OPENINGS; opening++) {
            Map<String, Timed> models = new LinkedHashMap<>();
            try {
                models.put("plain", new Timed(plain, Effort.FULL, tokens));
                models.put("8 of 30 removed", new Timed(shorter, Effort.FULL, tokens));
                models.put("gates at rest", new Timed(gated, Effort.FULL, tokens));
                models.put("8 of 30 skipped", new Timed(gated, skipping, tokens));
                Map<String, Double> times = times(models, rows);
                double reference = times.get("plain");
                times.forEach(
                        (name, time) ->
                                print(
                                        "%s, rows %d | %-15s | %.3f ms | %.3f",
                                        precision, rows, name, time, time / reference));
                saved[opening] =
                        (reference - times.get("8 of 30 skipped"))
                                / (reference - times.get("8 of 30 removed"));
                costs[opening] = times.get("gates at rest") / reference - 1;
            } finally {
                models.values().forEach(Timed::close);
            }
        }
        print(
                "%s, rows %d: skipping saves %.2f of what removal saves %s; gates at rest cost %.3f %s",
                precision,
                rows,
                median(saved),
                Arrays.toString(saved),
                median(costs),
                Arrays.toString(costs));
    }

    private static OnnxModel apply(OnnxModel graph, String pass) {
        return Passes.create(PassSpec.parse(pass)).apply(graph, null).graph();
    }

    private static Map<String, Double> times(Map<String, Timed> models, int rows) {
        for (int round = 0; round < ROUNDS; round++) {
            for (Map.Entry<String, Timed> model : models.entrySet()) {
                boolean skips = model.getKey().endsWith("skipped");
                assertThat(model.getValue().run(round))
                        .as(model.getKey())
                        .isEqualTo(skips ? (long) SKIPPED * rows : 0);
            }
        }
        Map<String, Double> times = new LinkedHashMap<>();
        models.forEach((name, model) -> times.put(name, model.tenth()));
        return times;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
