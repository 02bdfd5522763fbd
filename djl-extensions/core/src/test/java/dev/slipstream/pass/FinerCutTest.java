package dev.slipstream.pass;

import static dev.slipstream.pass.TinyDecoders.attention;
import static dev.slipstream.pass.TinyDecoders.built;
import static dev.slipstream.pass.TinyDecoders.feedForward;
import static dev.slipstream.pass.TinyDecoders.floats;
import static dev.slipstream.pass.TinyDecoders.names;
import static dev.slipstream.pass.TinyDecoders.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The order in which sub-layers go. */
class FinerCutTest {
    private static final RemovalRule EVERYWHERE =
            RemovalRule.of(RemovalOrder.GREEDY).withProtectFront(0);

    @TempDir Path directory;

    private static Calibration calibration(int[]... sequences) {
        return new Calibration(List.of(sequences), RuntimeOptions.defaults());
    }

    private static Calibration text(RandomModel random) {
        return calibration(random.tokens(14), random.tokens(9));
    }

    /** Branches that add nothing go first, in the order of their names, and nothing moves. */
    @Test
    void branchesThatAddNothingGoFirst() throws IOException {
        RandomModel random = random("LlamaForCausalLM", 61, 4);
        random.write(directory);
        for (Precision precision : List.of(Precision.FP32, Precision.INT8)) {
            OnnxModel graph = built(directory, precision);
            List<SubLayerName> idle = List.of(feedForward(0), attention(2), feedForward(3));
            Anatomy anatomy = Anatomy.of(graph);
            for (SubLayerName name : idle) {
                silence(graph, Removal.subLayer(anatomy, name, graph));
            }
            for (OutputDistance distance : OutputDistance.values()) {
                SubLayerRanking ranking =
                        new FinerCut(graph, EVERYWHERE.withDistance(distance))
                                .rank(text(random), 4);
                assertThat(ranking.first(3)).as("%s", distance).isEqualTo(idle);
                assertThat(ranking.steps().subList(0, 3))
                        .allSatisfy(step -> assertThat(step.score()).isZero());
                assertThat(ranking.steps().get(3).score()).isPositive();
            }
            int[] tokens = random.tokens(14);
            assertThat(floats(Removal.of(graph, idle), "logits", tokens, Map.of()))
                    .containsExactly(
                            floats(graph, "logits", tokens, Map.of()), Offset.offset(1e-5f));
        }
    }

    /** Sets the output projection to zero: the matrix, or the scales of its blocks. */
    private static void silence(OnnxModel graph, SubLayer subLayer) {
        for (String weight : subLayer.weights()) {
            Tensor tensor = graph.initializers().get(weight);
            boolean output = weight.contains("o_proj") || weight.contains("down_proj");
            if (output && tensor.type() == ElementType.FLOAT) {
                ByteBuffer zeros = ByteBuffer.allocateDirect(tensor.data().remaining());
                graph.initializers().put(weight, new Tensor(tensor.type(), tensor.shape(), zeros));
            }
        }
    }

    /** Computed with plain loops in doubles, each removal of each step, and the divergence too. */
    private static final class BruteForce {
        private final OracleModel oracle;
        private final List<int[]> sequences;

        BruteForce(OracleModel oracle, Calibration calibration) {
            this.oracle = oracle;
            this.sequences = calibration.sequences();
        }

        double distance(Set<SubLayerName> reference, Set<SubLayerName> removed) {
            double sum = 0;
            int rows = 0;
            for (int[] sequence : sequences) {
                float[][] one = oracle.without(reference).logits(sequence);
                float[][] other = oracle.without(removed).logits(sequence);
                for (int i = 0; i < one.length; i++) {
                    sum += divergence(softmax(one[i]), softmax(other[i]));
                    rows++;
                }
            }
            return sum / rows;
        }

        private static double[] softmax(float[] logits) {
            double[] p = IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).toArray();
            double sum = 0;
            for (int i = 0; i < p.length; i++) {
                p[i] = Math.exp(p[i]);
                sum += p[i];
            }
            for (int i = 0; i < p.length; i++) {
                p[i] /= sum;
            }
            return p;
        }

        /** Jensen-Shannon as the entropy of the mean less the mean of the entropies. */
        private static double divergence(double[] p, double[] q) {
            double sum = 0;
            for (int i = 0; i < p.length; i++) {
                double m = (p[i] + q[i]) / 2;
                sum += (p[i] * Math.log(p[i]) + q[i] * Math.log(q[i])) / 2 - m * Math.log(m);
            }
            return sum;
        }

        List<SubLayerName> greedy(int layers, int count) {
            List<SubLayerName> removed = new ArrayList<>();
            while (removed.size() < count) {
                SubLayerName best = null;
                double least = Double.POSITIVE_INFINITY;
                for (SubLayerName name : names(layers)) {
                    Set<SubLayerName> tried = new HashSet<>(removed);
                    if (tried.add(name) && TinyDecoders.attentions(tried) < layers) {
                        double distance = distance(Set.of(), tried);
                        if (distance < least) {
                            least = distance;
                            best = name;
                        }
                    }
                }
                removed.add(best);
            }
            return removed;
        }
    }

    @Test
    void theOrderIsThatOfAnIndependentBruteForce() throws IOException {
        for (long seed = 62; seed < 65; seed++) {
            RandomModel random = random("LlamaForCausalLM", seed, 3);
            OracleModel oracle = OracleModel.ofDirectory(random.write(directory));
            Calibration text = text(random);
            BruteForce plain = new BruteForce(oracle, text);
            SubLayerRanking ranking =
                    new FinerCut(built(directory, Precision.FP32), EVERYWHERE).rank(text, 5);
            assertThat(ranking.names()).as("%s", random).isEqualTo(plain.greedy(3, 5));
            for (int i = 1; i <= 5; i++) {
                Double score = ranking.steps().get(i - 1).score();
                assertThat(score)
                        .isCloseTo(
                                plain.distance(Set.of(), Set.copyOf(ranking.first(i))),
                                within(1e-6));
            }
        }
    }

    @Test
    void thePairIsAtBestAsGoodAsTheBestOfAll() throws IOException {
        for (long seed = 65; seed < 68; seed++) {
            RandomModel random = random("LlamaForCausalLM", seed, 3);
            OracleModel oracle = OracleModel.ofDirectory(random.write(directory));
            Calibration text = text(random);
            BruteForce plain = new BruteForce(oracle, text);
            double best = Double.POSITIVE_INFINITY;
            for (SubLayerName one : names(3)) {
                for (SubLayerName other : names(3)) {
                    if (!one.equals(other)) {
                        best = Math.min(best, plain.distance(Set.of(), Set.of(one, other)));
                    }
                }
            }
            SubLayerRanking ranking =
                    new FinerCut(built(directory, Precision.FP32), EVERYWHERE).rank(text, 2);
            assertThat(ranking.steps().get(1).score()).isGreaterThanOrEqualTo(best - 1e-6);
        }
    }

    /**
     * Feature 0 is carried on by two branches, each of which does for both as the head sees whether
     * it is there, not how much; a third branch matters a little.
     */
    private static OnnxModel redundant() {
        SmallStream stream = new SmallStream(68);
        // Tokens differ in feature 1 alone.
        String x = stream.embedded(table(1));
        x = stream.step(x, "a", carry(1, 0, 8));
        x = stream.step(x, "b", carry(1, 0, 8));
        x = stream.step(x, "c", carry(1, 2, 0.3f));
        String seen = stream.b.node("Tanh", x).output("seen");
        return stream.finish(seen, head());
    }

    private static float[] table(int feature) {
        float[] table = new float[SmallStream.VOCABULARY * SmallStream.HIDDEN];
        for (int token = 0; token < SmallStream.VOCABULARY; token++) {
            table[token * SmallStream.HIDDEN + feature] = 0.5f + 0.1f * token;
        }
        return table;
    }

    /** A matrix that adds a feature, times a factor, to another. */
    private static float[] carry(int from, int to, float factor) {
        float[] w = new float[SmallStream.HIDDEN * SmallStream.HIDDEN];
        w[from * SmallStream.HIDDEN + to] = factor;
        return w;
    }

    private static float[] head() {
        float[] head = new float[SmallStream.HIDDEN * SmallStream.VOCABULARY];
        for (int i = 0; i < SmallStream.HIDDEN; i++) {
            head[i * SmallStream.VOCABULARY + i] = 4;
        }
        return head;
    }

    @Test
    void rankingOnceFallsIntoTheTrapThatRankingAnewSees() {
        OnnxModel graph = redundant();
        Calibration text = calibration(new int[] {0, 1, 2, 3, 4, 5});
        SubLayerRanking once =
                new FinerCut(graph, RemovalRule.of(RemovalOrder.ONE_SHOT).withProtectFront(0))
                        .rank(text, 2);
        SubLayerRanking anew = new FinerCut(graph, EVERYWHERE).rank(text, 2);
        assertThat(once.names()).containsExactlyInAnyOrder(feedForward(0), feedForward(1));
        assertThat(anew.names()).hasSize(2).contains(feedForward(2));
        try (DistanceMeter meter =
                new DistanceMeter(
                        graph,
                        List.of(feedForward(0), feedForward(1), feedForward(2)),
                        text,
                        new ComparedOutput("logits", ComparedOutput.Reading.LOGITS),
                        OutputDistance.JS,
                        new StepCount(PassProgress.NONE, 2))) {
            double[] distances = meter.distances(List.of(once.names(), anew.names()));
            assertThat(distances[0]).isGreaterThan(3 * distances[1]);
        }
    }

    /**
     * Three steps of length 1 in one direction and one of 1.5 across. From the last model each of
     * the three is the nearest; from the original, two of them are farther than one and the step
     * across.
     */
    @Test
    void distancesAreTakenFromTheOriginalAsTheOthersDrift() {
        SmallStream stream = new SmallStream(69);
        String x = stream.embedded(table(3));
        x = stream.step(x, "a", carry(3, 0, 1));
        x = stream.step(x, "b", carry(3, 0, 1));
        x = stream.step(x, "c", carry(3, 0, 1));
        x = stream.step(x, "d", carry(3, 1, 1.5f));
        OnnxModel graph = stream.finish(x, head());
        Calibration text = calibration(new int[] {0, 1, 2, 3, 4, 5});
        SubLayerRanking ranking =
                new FinerCut(graph, EVERYWHERE.withDistance(OutputDistance.NORM)).rank(text, 3);
        assertThat(ranking.names()).containsExactly(feedForward(0), feedForward(3), feedForward(1));

        List<SubLayerName> drifting = fromThePrevious(graph, text, 2);
        assertThat(drifting).containsExactly(feedForward(0), feedForward(1));
        assertThat(norm(graph, text, Set.of(), Set.copyOf(drifting)))
                .isGreaterThan(1.1 * norm(graph, text, Set.of(), Set.copyOf(ranking.first(2))));
    }

    /** What the method must not do. */
    private static List<SubLayerName> fromThePrevious(
            OnnxModel graph, Calibration text, int count) {
        List<SubLayerName> removed = new ArrayList<>();
        while (removed.size() < count) {
            SubLayerName best = null;
            double least = Double.POSITIVE_INFINITY;
            for (SubLayerName name : Removal.named(graph)) {
                Set<SubLayerName> tried = new HashSet<>(removed);
                if (tried.add(name)) {
                    double distance = norm(graph, text, Set.copyOf(removed), tried);
                    if (distance < least - 1e-6) {
                        least = distance;
                        best = name;
                    }
                }
            }
            removed.add(best);
        }
        return removed;
    }

    private static double norm(
            OnnxModel graph,
            Calibration text,
            Set<SubLayerName> reference,
            Set<SubLayerName> removed) {
        int[] tokens = text.sequences().get(0);
        float[] one = logits(graph, tokens, reference);
        float[] other = logits(graph, tokens, removed);
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += Math.pow(one[i] - other[i], 2);
        }
        return Math.sqrt(sum);
    }

    private static float[] logits(OnnxModel graph, int[] tokens, Set<SubLayerName> removed) {
        OnnxModel less = removed.isEmpty() ? graph : Removal.of(graph, removed);
        return floats(less, "logits", tokens, Map.of());
    }

    @Test
    void theFrontJoinsAgainOnceAsMuchAsItIsRemoved() throws IOException {
        // The published code protects int(2N x / 2) + 1 layers until int(2N x) + 1 are removed.
        assertThat(RemovalCandidates.frontLayers(32, 0.4)).isEqualTo(13);
        assertThat(RemovalCandidates.protectedUntil(32, 0.4)).isEqualTo(26);
        assertThat(RemovalCandidates.frontLayers(8, 0.25)).isEqualTo(3);
        assertThat(RemovalCandidates.protectedUntil(8, 0.25)).isEqualTo(5);
        assertThat(RemovalCandidates.frontLayers(8, 1)).isEqualTo(8);
        assertThat(RemovalCandidates.frontLayers(8, 0)).isZero();

        RandomModel random = random("LlamaForCausalLM", 70, 5);
        random.write(directory);
        RemovalRule rule = RemovalRule.of(RemovalOrder.GREEDY).withProtectFront(0.2);
        SubLayerRanking ranking =
                new FinerCut(built(directory, Precision.FP32), rule).rank(text(random), 8);
        // Layers 0 and 1 until three are gone.
        assertThat(ranking.first(3)).allMatch(name -> name.layer() > 1);
        RemovalCandidates candidates =
                new RemovalCandidates(built(directory, Precision.FP32), rule);
        assertThat(candidates.next(ranking.first(2))).allMatch(name -> name.layer() > 1);
        assertThat(candidates.next(ranking.first(3))).anyMatch(name -> name.layer() == 0);
    }

    @Test
    void theLastAttentionIsNeverChosen() throws IOException {
        RandomModel random = random("LlamaForCausalLM", 71, 3);
        random.write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        for (RemovalOrder order : RemovalOrder.values()) {
            int count = order == RemovalOrder.SIMILARITY ? 4 : 5;
            SubLayerRanking ranking =
                    new FinerCut(graph, RemovalRule.of(order)).rank(text(random), count);
            assertThat(ranking.names()).as("%s", order).hasSize(count).doesNotHaveDuplicates();
            assertThat(TinyDecoders.attentions(ranking.names())).isLessThan(3);
            Removal.of(graph, ranking.names());
        }
    }

    @Test
    void theLastGoFromTheEndAndTheDrawnByTheirSeed() throws IOException {
        random("LlamaForCausalLM", 72, 4).write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        assertThat(new FinerCut(graph, RemovalRule.of(RemovalOrder.LAST)).rank(null, 3).names())
                .containsExactly(feedForward(3), attention(3), feedForward(2));
        RemovalRule drawn = RemovalRule.of(RemovalOrder.RANDOM);
        assertThat(new FinerCut(graph, drawn.withSeed(5)).rank(null, 4))
                .isEqualTo(new FinerCut(graph, drawn.withSeed(5)).rank(null, 4))
                .isNotEqualTo(new FinerCut(graph, drawn.withSeed(6)).rank(null, 4));
    }

    /** Layer 1 does nothing at all, so the states before and behind it are the same. */
    @Test
    void similarityTakesWholeLayers() throws IOException {
        RandomModel random = random("LlamaForCausalLM", 73, 3);
        random.write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        Anatomy anatomy = Anatomy.of(graph);
        silence(graph, Removal.subLayer(anatomy, attention(1), graph));
        silence(graph, Removal.subLayer(anatomy, feedForward(1), graph));
        SubLayerRanking ranking =
                new FinerCut(graph, RemovalRule.of(RemovalOrder.SIMILARITY)).rank(text(random), 1);
        assertThat(ranking.names()).containsExactly(attention(1), feedForward(1));
        assertThat(ranking.scores()).contains("1 sub-layers asked for, 2 in whole layers");
        assertThat(ranking.steps().get(0).score()).isCloseTo(0, within(1e-6));
        assertThat(LayerSimilarity.influences(graph, text(random)).values())
                .allMatch(influence -> influence >= -1e-6 && influence <= 2)
                .anyMatch(influence -> influence > 0.05);
    }

    @Test
    void oneKindAloneMayGo() throws IOException {
        RandomModel random = random("LlamaForCausalLM", 74, 4);
        random.write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        RemovalRule rule = EVERYWHERE.withKinds(EnumSet.of(SubLayer.Kind.ATTENTION));
        assertThat(new FinerCut(graph, rule).rank(text(random), 3).names())
                .allMatch(name -> name.kind() == SubLayer.Kind.ATTENTION);
        assertThatThrownBy(() -> new FinerCut(graph, rule).rank(text(random), 4))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected 1 to 3")
                .hasMessageContaining("needs one attention");
    }

    @Test
    void anEmbeddingIsComparedByItsAngle() {
        SmallStream stream = new SmallStream(75);
        String x = stream.embedded(table(3));
        x = stream.step(x, "a", carry(3, 0, 1));
        x = stream.step(x, "b", carry(3, 1, 0.1f));
        OnnxModel graph = stream.finish(x, head());
        graph.outputs().clear();
        stream.b.output(x, ElementType.FLOAT, "batch", "length", SmallStream.HIDDEN);
        Calibration text = calibration(new int[] {0, 1, 2}, new int[] {3, 4});
        for (Pooling pooling : Pooling.values()) {
            SubLayerRanking ranking =
                    new FinerCut(graph, EVERYWHERE.withPooling(pooling)).rank(text, 2);
            assertThat(ranking.names()).containsExactly(feedForward(1), feedForward(0));
            // (1, 0.1, 0, 1) against (1, 0, 0, 1), whatever the token.
            assertThat(ranking.steps().get(0).score())
                    .isCloseTo(Math.acos(2 / Math.sqrt(2 * 2.01)), within(1e-4));
        }
        RemovalRule divergence = EVERYWHERE.withDistance(OutputDistance.JS);
        assertThatThrownBy(() -> new FinerCut(graph, divergence).rank(text, 1))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("angular or norm");
    }

    @Test
    void thePassRemovesAndReports() throws IOException {
        RandomModel random = random("LlamaForCausalLM", 76, 4);
        random.write(directory);
        OnnxModel graph = built(directory, Precision.INT8);
        Pass pass = Passes.create(PassSpec.parse("finercut:remove=0.25,metric=angular"));
        List<String> heard = new ArrayList<>();
        Pipeline.Result result =
                new Pipeline(List.of(pass))
                        .apply(graph, text(random), p -> heard.add(p.spec().toString()));
        PassReport report = result.reports().get(0);
        assertThat(report.facts()).containsEntry("sub-layers", 8).containsKey("order");
        assertThat((List<?>) report.facts().get("order")).hasSize(2);
        assertThat(String.join("\n", report.lines()))
                .contains("step  sub-layer")
                .contains("layer  attention   feed-forward")
                .contains("1 .......");
        assertThat(heard).containsExactly("finercut:remove=0.25,metric=angular");
        SubLayerName first =
                SubLayerName.parse(
                        (String)
                                ((Map<?, ?>) ((List<?>) report.facts().get("order")).get(0))
                                        .get("sub-layer"));
        String named = "remove:sub-layers=" + first;
        assertThat(Passes.create(PassSpec.parse(named)).apply(graph, null).graph().nodes())
                .isEqualTo(Removal.of(graph, List.of(first)).nodes());
        assertThatThrownBy(
                        () ->
                                new Pipeline(List.of(pass))
                                        .apply(result.graph(), text(random), p -> {}))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("applied to already");
    }

    @Test
    void whatCannotBeDoneIsSaid() throws IOException {
        RandomModel random = random("LlamaForCausalLM", 77, 3);
        random.write(directory);
        OnnxModel graph = built(directory, Precision.FP32);
        fails("finercut:count=2", graph, null, "expected a calibration text");
        fails("finercut:count=6", graph, text(random), "expected 1 to 5 sub-layers");
        fails("finercut:remove=0.1", graph, text(random), "give 0.167 or more");
        fails("finercut:remove=1", graph, text(random), "expected 1 to 5");
        fails("finercut:remove=0.5,count=2", graph, null, "either remove");
        fails("finercut:metric=cosine", graph, null, "js-reversed");
        fails("finercut:order=similarity,kinds=attention", graph, null, "kinds");
        fails("finercut:remov=0.5", graph, null, "remov");
        fails("remove", graph, null, "attention.5");
        fails("remove:sub-layers=(attention.1,mlp.2)", graph, null, "mlp.2");
        fails("remove:sub-layers=attention.9", graph, null, "attention.9");
        SmallStream none = new SmallStream(78);
        OnnxModel bare = none.finish(none.embedded());
        fails("finercut:count=1", bare, null, "found none");
    }

    private static void fails(String spec, OnnxModel graph, Calibration text, String message) {
        assertThatThrownBy(() -> Passes.create(PassSpec.parse(spec)).apply(graph, text))
                .as(spec)
                .isInstanceOf(PassException.class)
                .hasMessageContaining(message);
    }
}
