package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.SelfDraftShape;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What turns ask of gates, against graphs that lack what the gates leave out. */
class EffortTest {
    private static final int CONTEXT = 48;
    private static final float TOLERANCE = 2e-4f;
    private static final Effort.Skipping EAGER = new Effort.Skipping(-1, 1, true);

    @TempDir Path directory;

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);
    private DecoderConfig config;
    private Weights weights;

    @BeforeEach
    void drawModel() throws IOException {
        String[] kinds = {"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"};
        new RandomModel(kinds[random.nextInt(3)], random.nextInt(1000))
                .with("num_hidden_layers", "4")
                .with("intermediate_size", "128")
                .write(directory);
        config = DecoderConfig.read(ModelFiles.of(directory));
        weights = SafeTensors.read(ModelFiles.of(directory));
    }

    @Test
    void switchedSubLayersAddNothing() {
        Set<Integer> gated = Set.of(0, 2, 3);
        int[] tokens = tokens(20);
        try (DecoderModel model = open(GatedGraphs.switched(config, weights, CONTEXT, gated))) {
            assertThat(model.gates().switched()).hasSize(6);
            List<Boolean> gates =
                    IntStream.range(0, 6).mapToObj(i -> random.nextBoolean()).toList();
            Set<Integer> attentions = off(model, gates, "attention");
            Set<Integer> feedForwards = off(model, gates, "feed-forward");
            SelfDraftShape without = SelfDraftShape.skip(config, attentions, feedForwards);
            Effort effort = new Effort(gates, List.of(), null);
            boolean all = !gates.contains(false);
            try (DecoderModel oracle = open(plain(without));
                    DecoderSession expected = oracle.newSession();
                    DecoderSession found = model.newSession()) {
                Depth depth = all ? Depth.FULL : Depth.DRAFT;
                for (int[] range : new int[][] {{0, 9}, {9, 10}, {10, 20}}) {
                    assertNear(
                            found.forward(tokens, range[0], range[1], LogitRows.ALL, effort),
                            expected.forward(tokens, range[0], range[1], LogitRows.ALL, depth),
                            TOLERANCE);
                }
                assertThat(found.gatedSubLayers()).isEqualTo(6 * 20);
                assertThat(found.skippedSubLayers())
                        .isEqualTo(20L * gates.stream().filter(on -> !on).count());
                assertThat(found.exactLength()).isEqualTo(all ? 20 : 0);
                found.rollback(0);
                expected.rollback(0);
                assertNear(
                        found.forward(tokens, LogitRows.ALL),
                        expected.forward(tokens, LogitRows.ALL),
                        TOLERANCE);
                assertThat(found.exactLength()).isEqualTo(20);
            }
        }
    }

    private static Set<Integer> off(DecoderModel model, List<Boolean> gates, String kind) {
        Set<Integer> layers = new java.util.HashSet<>();
        for (int i = 0; i < gates.size(); i++) {
            String name = model.gates().switched().get(i).toString();
            if (!gates.get(i) && name.startsWith(kind)) {
                layers.add(model.gates().switched().get(i).layer());
            }
        }
        return layers;
    }

    @Test
    void widthsAreThoseOfEachLayer() {
        List<Integer> widths = List.of(32, 64, 128);
        int[] tokens = tokens(12);
        List<Integer> chosen =
                IntStream.range(0, config.layers()).mapToObj(i -> random.nextInt(3)).toList();
        List<Integer> shape = new ArrayList<>();
        chosen.forEach(index -> shape.add(widths.get(index)));
        try (DecoderModel model = open(GatedGraphs.elastic(config, weights, CONTEXT, widths));
                DecoderSession found = model.newSession()) {
            assertThat(model.widthLayers()).isEqualTo(config.layers());
            float[] narrow =
                    values(
                            found.forward(
                                    tokens,
                                    0,
                                    12,
                                    LogitRows.ALL,
                                    new Effort(List.of(), chosen, null)));
            boolean widest = chosen.stream().allMatch(index -> index == 2);
            assertThat(found.exactLength()).isEqualTo(widest ? 12 : 0);
            assertNear(narrow, zeroed(shape, tokens), TOLERANCE);
            found.rollback(0);
            float[] full = values(found.forward(tokens, LogitRows.ALL));
            assertNear(full, zeroed(List.of(128, 128, 128, 128), tokens), TOLERANCE);
            assertThat(found.exactLength()).isEqualTo(12);
        }
    }

    /** The plain graph with zeros in the place of the neurons behind a width. */
    private float[] zeroed(List<Integer> shape, int[] tokens) {
        Weights masked = new ZeroedWeights(weights, shape);
        OnnxModel graph = DecoderGraphs.write("zeroed", config, masked, Precision.FP32, CONTEXT);
        try (DecoderModel model = open(graph);
                DecoderSession session = model.newSession()) {
            return values(session.forward(tokens, LogitRows.ALL));
        }
    }

    /**
     * With a threshold that every token reaches, one in two feed-forwards goes, or the first that
     * follows and no other.
     */
    @Test
    void tokensSkipFromTheirOwnFirstOn() {
        int[] tokens = tokens(15);
        try (DecoderModel model = open(skipping(List.of(0, 1, 2, 3)));
                DecoderSession found = model.newSession()) {
            Effort again = new Effort(List.of(), List.of(), EAGER);
            Effort once = new Effort(List.of(), List.of(), new Effort.Skipping(-1, 1, false));
            float[] none = values(found.forward(tokens, LogitRows.ALL));
            assertThat(found.skippedSubLayers()).isZero();
            assertThat(found.gatedSubLayers()).isEqualTo(4 * 15);
            found.rollback(0);
            float[] all = values(found.forward(tokens, 0, 15, LogitRows.ALL, again));
            assertThat(found.skippedSubLayers()).isEqualTo(2 * 15);
            assertThat(found.exactLength()).isZero();
            assertNear(all, zeroed(List.of(128, 0, 128, 0), tokens), TOLERANCE);
            found.rollback(0);
            found.forward(tokens, 0, 15, LogitRows.ALL, once);
            assertThat(found.skippedSubLayers()).isEqualTo(3 * 15);
            found.rollback(0);
            model.forward(new Turn(found, tokens, 0, 15, LogitRows.ALL, again, 6));
            assertThat(found.skippedSubLayers()).isEqualTo(3 * 15 + 2 * 9);
            assertThat(found.exactLength()).isEqualTo(6);
            found.rollback(6);
            float[] rest = values(found.forward(tokens, 6, 15, LogitRows.ALL));
            assertThat(rest).isEqualTo(Arrays.copyOfRange(none, 6 * vocabulary(), none.length));
            assertThat(found.exactLength()).isEqualTo(15);
            found.rollback(10);
            found.forward(tokens, 10, 11, LogitRows.LAST, again);
            found.forward(tokens, 11, 13, LogitRows.LAST);
            assertThat(found.exactLength()).isEqualTo(10);
            try (DecoderSession twin = found.fork()) {
                assertThat(twin.exactLength()).isEqualTo(10);
            }
        }
    }

    /** However the tokens are grouped into runs, each skips from the same one on. */
    @Test
    void piecesSkipAsOneByOne() {
        int[] tokens = tokens(30);
        Effort effort = new Effort(List.of(), List.of(), new Effort.Skipping(0.8, 1, true));
        int warm = random.nextInt(30);
        try (DecoderModel model = open(skipping(List.of(1, 2, 3)))) {
            float[] oneByOne = read(model, tokens, effort, warm, 1);
            for (int most : new int[] {2, 7, 30}) {
                assertThat(read(model, tokens, effort, warm, most))
                        .as("warm-up %d, pieces up to %d, seed %d", warm, most, seed)
                        .isEqualTo(oneByOne);
            }
        }
    }

    private float[] read(DecoderModel model, int[] tokens, Effort effort, int warm, int most) {
        float[] all = new float[tokens.length * vocabulary()];
        long skipped;
        try (DecoderSession session = model.newSession()) {
            while (session.length() < tokens.length) {
                int from = session.length();
                int to = Math.min(tokens.length, from + 1 + random.nextInt(most));
                int full = Math.max(0, Math.min(to, warm) - from);
                Turn turn = new Turn(session, tokens, from, to, LogitRows.ALL, effort, full);
                model.forward(List.of(turn), Depth.FULL)
                        .get(0)
                        .values()
                        .get(0, all, from * vocabulary(), (to - from) * vocabulary());
            }
            skipped = session.skippedSubLayers();
        }
        // The count is a part of the answer: other pieces must skip as much.
        float[] result = Arrays.copyOf(all, all.length + 1);
        result[all.length] = skipped;
        return result;
    }

    /** Turns of different widths go into different runs, and come back in their order. */
    @Test
    void turnsOfAllEffortsComeBackInOrder() {
        int[] tokens = tokens(10);
        OnnxModel graph =
                GatedGraphs.elasticSkipping(
                        config, weights, CONTEXT, List.of(32, 128), skips(List.of(1, 2)));
        List<Effort> efforts =
                List.of(
                        new Effort(List.of(), List.of(0, 0, 0, 0), EAGER),
                        Effort.FULL,
                        new Effort(List.of(), List.of(0, 1, 0, 1), null),
                        new Effort(List.of(), List.of(), EAGER),
                        new Effort(List.of(), List.of(0, 0, 0, 0), null));
        try (DecoderModel model = open(graph)) {
            List<DecoderSession> sessions =
                    efforts.stream().map(effort -> model.newSession()).toList();
            List<Turn> turns = new ArrayList<>();
            for (int i = 0; i < efforts.size(); i++) {
                turns.add(
                        new Turn(sessions.get(i), tokens, 0, 10, LogitRows.ALL, efforts.get(i), 2));
            }
            List<Logits> together = model.forward(turns, Depth.FULL);
            for (int i = 0; i < efforts.size(); i++) {
                try (DecoderSession alone = model.newSession()) {
                    Turn turn = new Turn(alone, tokens, 0, 10, LogitRows.ALL, efforts.get(i), 2);
                    assertThat(values(together.get(i)))
                            .as("effort %d, seed %d", i, seed)
                            .isEqualTo(values(model.forward(turn)));
                    assertThat(sessions.get(i).skippedSubLayers())
                            .isEqualTo(alone.skippedSubLayers());
                }
            }
            sessions.forEach(DecoderSession::close);
        }
    }

    @Test
    void refusesEffortsThatTheModelDoesNotHave() {
        int[] tokens = tokens(3);
        try (DecoderModel plain = open(plain(SelfDraftShape.none()));
                DecoderSession session = plain.newSession()) {
            assertThat(plain.gates()).isEqualTo(GateNotes.none());
            assertRefused(
                    session,
                    tokens,
                    new Effort(List.of(true), List.of(), null),
                    "gates: expected none");
            assertRefused(
                    session,
                    tokens,
                    new Effort(List.of(), List.of(0), null),
                    "widths: expected none");
            assertRefused(
                    session, tokens, new Effort(List.of(), List.of(), EAGER), "pass ffn-skip");
        }
        try (DecoderModel elastic =
                        open(GatedGraphs.elastic(config, weights, CONTEXT, List.of(32, 128)));
                DecoderSession session = elastic.newSession()) {
            assertRefused(
                    session, tokens, new Effort(List.of(), List.of(0), null), "expected 4 of them");
            assertRefused(
                    session,
                    tokens,
                    new Effort(List.of(), List.of(0, 0, 0, 2), null),
                    "indices of 0 to 1");
        }
    }

    @Test
    void refusesGatesWithoutNotes() {
        OnnxModel graph = skipping(List.of(1));
        graph.metadata().clear();
        assertThatThrownBy(() -> open(graph))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("skipped: expected as many gates");
        OnnxModel half = skipping(List.of(1));
        half.outputs().removeIf(output -> output.getName().equals(Effort.SKIPPED));
        assertThatThrownBy(() -> open(half))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("together");
    }

    /** As a file, which ONNX Runtime reads itself, too. */
    @Test
    void filesHaveGates() throws IOException {
        Path file = directory.resolve("gated.onnx");
        skipping(List.of(1, 2)).write(file);
        int[] tokens = tokens(9);
        Effort effort = new Effort(List.of(), List.of(), EAGER);
        try (DecoderModel read = DecoderModel.open(file, CONTEXT, RuntimeOptions.defaults());
                DecoderModel built = open(skipping(List.of(1, 2)));
                DecoderSession found = read.newSession();
                DecoderSession expected = built.newSession()) {
            assertThat(read.gates()).isEqualTo(built.gates());
            assertNear(
                    found.forward(tokens, 0, 9, LogitRows.ALL, effort),
                    expected.forward(tokens, 0, 9, LogitRows.ALL, effort),
                    TOLERANCE);
            assertThat(found.skippedSubLayers()).isEqualTo(9);
        }
    }

    private static void assertRefused(
            DecoderSession session, int[] tokens, Effort effort, String message) {
        assertThatThrownBy(() -> session.forward(tokens, 0, 3, LogitRows.ALL, effort))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
        assertThat(session.length()).isZero();
    }

    private OnnxModel skipping(List<Integer> layers) {
        return GatedGraphs.skipping(config, weights, CONTEXT, skips(layers));
    }

    private static GateNotes.Skips skips(List<Integer> layers) {
        return new GateNotes.Skips(layers, new Effort.Skipping(0.9, 1, true), 2);
    }

    private OnnxModel plain(SelfDraftShape shape) {
        return DecoderGraphs.write("plain", config, weights, Precision.FP32, CONTEXT, shape);
    }

    private static DecoderModel open(OnnxModel graph) {
        graph.validate();
        return DecoderModel.open(graph, CONTEXT, RuntimeOptions.defaults());
    }

    private int vocabulary() {
        return config.vocabularySize();
    }

    private int[] tokens(int count) {
        return random.ints(count, 0, vocabulary()).toArray();
    }

    private static float[] values(Logits logits) {
        float[] result = new float[logits.values().capacity()];
        logits.values().get(0, result);
        return result;
    }

    private void assertNear(Logits found, Logits expected, float tolerance) {
        assertNear(values(found), values(expected), tolerance);
    }

    private void assertNear(float[] found, float[] expected, float tolerance) {
        assertThat(found).as("seed %d", seed).hasSameSizeAs(expected);
        for (int i = 0; i < found.length; i++) {
            // Negated, so that NaN counts.
            assertThat(Math.abs(found[i] - expected[i]) <= tolerance)
                    .as("logit %d: %f, %f, seed %d", i, found[i], expected[i], seed)
                    .isTrue();
        }
    }
}
