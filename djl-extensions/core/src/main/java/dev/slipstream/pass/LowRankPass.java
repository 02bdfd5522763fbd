package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Replaces the matrices of feed-forwards by products of two thin ones, {@code y = U (V x)}: fewer
 * weights to read and fewer multiplications. The form is LowRank of Wei and others (Building on
 * Efficient Foundations, 2024), who train it from scratch; here it is made from a pretrained layer
 * by a singular value decomposition that knows the layer's inputs (as in SVD-LLM, Wang and others
 * 2024), without training, which costs quality: measure it, or take the result as a start for
 * fine-tuning.
 *
 * <p>Matrices that read the same input, as gate and up of a SwiGLU, share their inner factor.
 * Biases stay.
 */
final class LowRankPass implements Pass {
    private final PassSpec spec;
    private final Settings settings;

    LowRankPass(PassSpec spec, Settings settings) {
        this.spec = spec;
        this.settings = settings;
    }

    /**
     * What to keep.
     *
     * @param parameters share of the replaced matrices' parameters that the factors have, above 0
     *     and below 1
     * @param ranks how the parameters are shared out
     * @param inputs what the decomposition knows of the inputs
     * @param dense leading layers that stay as they are
     */
    record Settings(double parameters, Ranks ranks, Inputs inputs, int dense) {}

    /** How parameters are shared out among the matrices. */
    enum Ranks {
        /** Where they keep most of the outputs' energy. */
        ENERGY,
        /** Each matrix keeps the same share. */
        UNIFORM
    }

    /** What the decomposition knows of the inputs. */
    enum Inputs {
        /** Their second moments on the calibration text. */
        CALIBRATED,
        /** Nothing: a plain singular value decomposition, the baseline. */
        IGNORED
    }

    @Override
    public PassSpec spec() {
        return spec;
    }

    @Override
    public Rewritten apply(
            OnnxModel original, @Nullable Calibration calibration, PassProgress progress) {
        OnnxModel graph = original.copy();
        FloatMatrices.foldTranspositions(graph);
        List<LowRankGroup> groups = LowRankGroup.of(graph, settings.dense());
        List<LowRankFactors> factors = factors(graph, groups, calibration, progress);
        List<RankBudget.Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            LowRankGroup group = groups.get(i);
            candidates.add(
                    new RankBudget.Candidate(group.out(), group.in(), factors.get(i).energies()));
        }
        List<Integer> ranks = ranks(graph, candidates);
        OnnxModel result = graph.copy();
        GraphBuilder builder = new GraphBuilder(result);
        Map<String, List<NodeProto>> replacements = new HashMap<>();
        for (int i = 0; i < groups.size(); i++) {
            LowRankGroup group = groups.get(i);
            int rank = ranks.get(i);
            float[] inner = factors.get(i).inner(rank, group.matrix(graph));
            write(group, factors.get(i).outer(rank), inner, rank, builder, replacements);
        }
        result.replaceNodes(
                node ->
                        node.getOutputCount() == 0
                                ? List.of(node)
                                : replacements.getOrDefault(node.getOutput(0), List.of(node)));
        return new Rewritten(result, report(groups, factors, ranks));
    }

    /**
     * Decomposes each group once the moments of its inputs are there: those of all are too many.
     */
    private List<LowRankFactors> factors(
            OnnxModel graph,
            List<LowRankGroup> groups,
            @Nullable Calibration calibration,
            PassProgress progress) {
        StepCount steps = new StepCount(progress, groups.size());
        LowRankFactors[] factors = new LowRankFactors[groups.size()];
        if (settings.inputs() == Inputs.IGNORED) {
            for (int i = 0; i < factors.length; i++) {
                factors[i] = factors(graph, groups.get(i), unrelated(groups.get(i).in()));
                steps.step();
            }
            return List.of(factors);
        }
        if (calibration == null) {
            throw new PassException(
                    "low-rank: expected a calibration text, found none; give one, or inputs=ignored for a plain decomposition of worse quality");
        }
        Map<String, Integer> widths = new HashMap<>();
        groups.forEach(group -> widths.put(group.input(), group.in()));
        new SecondMoments(graph, calibration)
                .measure(
                        widths,
                        (input, moments) -> {
                            for (int i = 0; i < factors.length; i++) {
                                if (groups.get(i).input().equals(input)) {
                                    factors[i] = factors(graph, groups.get(i), moments);
                                    steps.step();
                                }
                            }
                        });
        return List.of(factors);
    }

    private static LowRankFactors factors(OnnxModel graph, LowRankGroup group, double[] moments) {
        return LowRankFactors.of(group.matrix(graph), group.out(), group.in(), moments);
    }

    private static double[] unrelated(int features) {
        double[] moments = new double[features * features];
        for (int i = 0; i < features; i++) {
            moments[i * features + i] = 1;
        }
        return moments;
    }

    private List<Integer> ranks(OnnxModel graph, List<RankBudget.Candidate> candidates) {
        long dense = candidates.stream().mapToLong(c -> (long) c.out() * c.in()).sum();
        long least = RankBudget.least(candidates);
        long budget = (long) (settings.parameters() * dense);
        List<Integer> ranks =
                settings.ranks() == Ranks.UNIFORM
                        ? RankBudget.uniform(candidates, settings.parameters())
                        : budget < least ? List.of(0) : RankBudget.byEnergy(candidates, budget);
        if (ranks.contains(0)) {
            throw new PassException(
                    "%s: low-rank: parameters: expected a share of at least %s, with which each matrix gets rank %d, found %s"
                            .formatted(
                                    graph.name(),
                                    leastShare(candidates, dense, least),
                                    RankBudget.STEP,
                                    settings.parameters()));
        }
        return ranks;
    }

    private String leastShare(List<RankBudget.Candidate> candidates, long dense, long least) {
        double share =
                settings.ranks() == Ranks.ENERGY
                        ? (double) least / dense
                        : candidates.stream()
                                .mapToDouble(
                                        c ->
                                                (double) RankBudget.STEP
                                                        * c.price()
                                                        / ((double) c.out() * c.in()))
                                .max()
                                .orElse(1);
        return String.format(Locale.ROOT, "%.3f", Math.ceil(share * 1000) / 1000);
    }

    private static void write(
            LowRankGroup group,
            float[] outer,
            float[] inner,
            int rank,
            GraphBuilder builder,
            Map<String, List<NodeProto>> replacements) {
        LowRankProducts writer = new LowRankProducts(builder, rank);
        int from = 0;
        String shared = null;
        for (Linear product : group.products()) {
            List<NodeProto> nodes = new ArrayList<>();
            if (shared == null) {
                NodeProto first = writer.inner(product, inner);
                shared = first.getOutput(0);
                nodes.add(first);
            }
            int length = product.out() * rank;
            float[] own = new float[length];
            System.arraycopy(outer, from, own, 0, length);
            from += length;
            nodes.add(writer.outer(product, shared, own));
            replacements.put(product.node().getOutput(0), nodes);
        }
    }

    private PassReport report(
            List<LowRankGroup> groups, List<LowRankFactors> factors, List<Integer> ranks) {
        List<String> lines = new ArrayList<>();
        List<Map<String, Object>> matrices = new ArrayList<>();
        long before = 0;
        long after = 0;
        for (int i = 0; i < groups.size(); i++) {
            LowRankGroup group = groups.get(i);
            int rank = ranks.get(i);
            double lost = factors.get(i).lost(rank);
            before += (long) group.in() * group.out();
            after += (long) rank * (group.in() + group.out());
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "%s  %d x %d: rank %d, %.2f %% of the outputs' energy lost",
                            group.subLayer(),
                            group.out(),
                            group.in(),
                            rank,
                            100 * lost));
            Map<String, Object> matrix = new LinkedHashMap<>();
            matrix.put("subLayer", group.subLayer().toString());
            matrix.put("out", group.out());
            matrix.put("in", group.in());
            matrix.put("rank", rank);
            matrix.put("lost", lost);
            matrices.add(matrix);
        }
        lines.add(
                String.format(
                        Locale.ROOT,
                        "%,d of %,d parameters of these matrices stay (%.1f %%)",
                        after,
                        before,
                        100.0 * after / before));
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("matrices", matrices);
        facts.put("parametersBefore", before);
        facts.put("parametersAfter", after);
        return new PassReport(spec, lines, facts);
    }
}
