package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What gates cost, printed: the processor time of a token with gates in relation to the plain
 * graph's, sampled in turn, and the memory that sessions take. Figures are for docs/gates.md; they
 * mean something only on a machine that does nothing else.
 */
@Tag("thorough")
class GateCostTest {
    private static final int ROUNDS = 150;

    /** The graphs that are compared, by what their gates say. */
    enum Gates {
        PLAIN,
        SWITCHED,
        ELASTIC;

        OnnxModel of(OnnxModel plain) {
            return switch (this) {
                case PLAIN -> plain;
                case SWITCHED -> apply(plain, "switch:sub-layers=(" + feedForwards() + ")");
                case ELASTIC -> apply(plain, "elastic");
            };
        }

        private static OnnxModel apply(OnnxModel plain, String pass) {
            return Passes.create(PassSpec.parse(pass)).apply(plain, null).graph();
        }

        private static String feedForwards() {
            StringBuilder names = new StringBuilder("feed-forward.0");
            for (int i = 1; i < DrawnSmolLm.LAYERS; i++) {
                names.append(",feed-forward.").append(i);
            }
            return names.toString();
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void processorTimeOfAToken(Precision precision) throws IOException, OrtException {
        OnnxModel plain = DrawnSmolLm.graph(precision);
        OnnxModel switched = Gates.SWITCHED.of(plain);
        OnnxModel elastic = Gates.ELASTIC.of(plain);
        OnnxModel two = Gates.apply(plain, "elastic:widths=(384,1536)");
        Map<String, OneToken> sessions = new LinkedHashMap<>();
        try {
            sessions.put("plain", new OneToken(plain, Map.of()));
            // How much two sessions of one graph differ is what no ratio below can tell apart.
            sessions.put("plain again", new OneToken(plain, Map.of()));
            sessions.put("30 switches, all on", new OneToken(switched, Map.of(Effort.GATES, 1L)));
            sessions.put("30 switches, all off", new OneToken(switched, Map.of()));
            for (long level = 3; level >= 0; level--) {
                sessions.put(
                        "elastic, level " + level,
                        new OneToken(elastic, Map.of(Effort.WIDTHS, level)));
            }
            sessions.put("two widths, full", new OneToken(two, Map.of(Effort.WIDTHS, 1L)));
            sessions.put("two widths, narrow", new OneToken(two, Map.of(Effort.WIDTHS, 0L)));
            Map<String, long[]> times = new LinkedHashMap<>();
            for (int round = -10; round < ROUNDS; round++) {
                for (Map.Entry<String, OneToken> session : sessions.entrySet()) {
                    long time = session.getValue().run();
                    if (round >= 0) {
                        times.computeIfAbsent(session.getKey(), k -> new long[ROUNDS])[round] =
                                time;
                    }
                }
            }
            double reference = percentile(times.get("plain"), 0.1);
            times.forEach(
                    (name, samples) ->
                            System.out.printf(
                                    Locale.ROOT,
                                    "%s, %s: %.3f of the plain graph's processor time (10th percentile %.3f ms, median %.3f ms)%n",
                                    precision,
                                    name,
                                    percentile(samples, 0.1) / reference,
                                    percentile(samples, 0.1) / 1e6,
                                    percentile(samples, 0.5) / 1e6));
        } finally {
            for (OneToken session : sessions.values()) {
                session.close();
            }
        }
    }

    private static double percentile(long[] samples, double share) {
        long[] sorted = samples.clone();
        Arrays.sort(sorted);
        return sorted[(int) (share * (sorted.length - 1))];
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void memoryOfASession(Precision precision) throws IOException, InterruptedException {
        for (Gates gates : Gates.values()) {
            System.out.println(precision + ", " + footprint(precision, gates));
        }
    }

    private static String footprint(Precision precision, Gates gates)
            throws IOException, InterruptedException {
        ProcessBuilder application =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:MaxDirectMemorySize=3g",
                        GateFootprint.class.getName(),
                        precision.name(),
                        gates.name());
        application
                .environment()
                .put(
                        "CLASSPATH",
                        System.getProperty(
                                "surefire.test.class.path", System.getProperty("java.class.path")));
        Process process = application.redirectErrorStream(true).start();
        List<String> lines;
        try (BufferedReader reader = process.inputReader()) {
            lines = reader.lines().toList();
        }
        assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
        return lines.get(lines.size() - 1);
    }
}
