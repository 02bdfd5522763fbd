package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.oracle.SkippingOracle;
import dev.slipstream.pass.SkipRun.Knobs;
import dev.slipstream.pass.SkipRun.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The graph's decisions, logits, keys and values against an independent reading of the method. */
class FfnSkipOracleTest {
    private static final int LAYERS = 6;
    private static final int TOKENS = 24;

    @TempDir Path directory;

    @Test
    void skipsWhatTheReferenceSkips() throws IOException {
        long seed = System.nanoTime();
        Random draws = new Random(seed);
        for (int round = 0; round < 6; round++) {
            RandomModel random = SkippableModels.random(draws.nextLong(), LAYERS);
            random.write(directory);
            OracleModel model = OracleModel.ofDirectory(directory);
            int coldStart = draws.nextInt(4);
            int coldEnd = coldStart + 2 + draws.nextInt(LAYERS - coldStart - 1);
            int[] tokens = random.tokens(TOKENS);
            double[] cosines = cosines(model, tokens);
            Knobs[] knobs = new Knobs[TOKENS];
            for (int t = 0; t < TOKENS; t++) {
                boolean all = draws.nextInt(6) == 0;
                knobs[t] =
                        new Knobs(
                                between(cosines, draws),
                                all ? 1L << 40 : draws.nextInt(5),
                                draws.nextBoolean());
            }
            OnnxModel gated =
                    SkippableModels.gated(
                            SkippableModels.graph(directory, Precision.FP32), coldStart, coldEnd);
            String said =
                    "seed %d, round %d, layers %d to %d".formatted(seed, round, coldStart, coldEnd);
            new Check(model, coldStart, coldEnd, said).run(gated, tokens, knobs);
        }
    }

    @Test
    void skipsWhatTheReferenceSkipsInAnExport() throws IOException {
        RandomModel random = SkippableModels.random(7, LAYERS);
        random.write(directory);
        Path file = directory.resolve("exported.onnx");
        ExportedDecoder.write(directory, file, EnumSet.noneOf(ExportedDecoder.Variant.class));
        OnnxModel graph = OnnxModel.read(file);
        OnnxModel gated = SkippableModels.gated(graph, 1, LAYERS);
        OracleModel model = OracleModel.ofDirectory(directory);
        int[] tokens = random.tokens(TOKENS);
        assertThat(SkipRun.plain(gated, tokens)).isDeepEqualTo(SkipRun.plain(graph, tokens));
        Random draws = new Random(7);
        double[] cosines = cosines(model, tokens);
        Knobs[] knobs = new Knobs[TOKENS];
        for (int round = 0; round < 3; round++) {
            Arrays.setAll(knobs, t -> new Knobs(between(cosines, draws), 2, t % 2 == 0));
            new Check(model, 1, LAYERS, "round " + round).run(gated, tokens, knobs);
        }
    }

    private record Check(OracleModel model, int coldStart, int coldEnd, String said) {
        void run(OnnxModel gated, int[] tokens, Knobs[] knobs) {
            try (SkipRun run = new SkipRun(gated, SkippableModels.keysAndValues(LAYERS))) {
                agree(run.run(tokens, t -> knobs[t]), tokens, knobs);
            }
        }

        private void agree(Outcome outcome, int[] tokens, Knobs[] knobs) {
            SkippingOracle oracle = new SkippingOracle(model, coldStart, coldEnd);
            for (int t = 0; t < tokens.length; t++) {
                SkippingOracle.Outcome expected =
                        oracle.next(
                                tokens[t],
                                new SkippingOracle.Knobs(
                                        (float) knobs[t].threshold(),
                                        knobs[t].count(),
                                        knobs[t].rearm()));
                for (int i = 0; i < LAYERS; i++) {
                    boolean may = i > coldStart && i < coldEnd;
                    assertThat(may && outcome.skipped()[i - coldStart - 1][t])
                            .as(
                                    "%s: layer %d, token %d, %s, cosines %s",
                                    said, i, t, knobs[t], Arrays.toString(expected.cosines()))
                            .isEqualTo(expected.skipped()[i]);
                }
                for (int v = 0; v < expected.logits().length; v++) {
                    assertThat(outcome.logits()[t][v])
                            .as("%s: logit %d of token %d", said, v, t)
                            .isCloseTo(expected.logits()[v], within(5e-5f));
                }
            }
            for (int i = 0; i < LAYERS; i++) {
                heads(outcome, "present." + i + ".key", oracle.keys(i));
                heads(outcome, "present." + i + ".value", oracle.values(i));
            }
        }

        /** Found is [heads, tokens, headSize], expected [tokens][heads x headSize]. */
        private void heads(Outcome outcome, String name, List<double[]> expected) {
            float[] found = Objects.requireNonNull(outcome.further().get(name));
            int size = SkippableModels.HEAD;
            for (int t = 0; t < expected.size(); t++) {
                double[] row = expected.get(t);
                for (int i = 0; i < row.length; i++) {
                    int at = (i / size * expected.size() + t) * size + i % size;
                    assertThat((double) found[at])
                            .as("%s: %s, token %d, element %d", said, name, t, i)
                            .isCloseTo(row[i], within(5e-5));
                }
            }
        }
    }

    /** Returns all cosines of the full model, sorted. */
    private static double[] cosines(OracleModel model, int[] tokens) {
        SkippingOracle full = new SkippingOracle(model, 0, LAYERS);
        double[] cosines = new double[tokens.length * LAYERS];
        for (int t = 0; t < tokens.length; t++) {
            double[] own = full.next(tokens[t], new SkippingOracle.Knobs(2, 0, true)).cosines();
            System.arraycopy(own, 0, cosines, t * LAYERS, LAYERS);
        }
        Arrays.sort(cosines);
        return cosines;
    }

    private static double between(double[] sorted, Random draws) {
        int at = sorted.length / 10 + draws.nextInt(sorted.length * 8 / 10);
        return (sorted[at] + sorted[at + 1]) / 2;
    }
}
