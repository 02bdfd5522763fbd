package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.runtime.Effort;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Writes into a graph the decision which feed-forwards a token skips, and lets these compute only
 * the rows of the tokens that do not.
 *
 * <p>The state of a row is where its skipping ends: {@code end}, the number within the region of
 * the first feed-forward that is computed again. Feed-forward i is skipped while {@code i < end}; a
 * computed one that barely turns the stream sets {@code end = i + 1 + count}. Against a budget that
 * is counted down this saves a node a layer, and all that depends on i alone is computed once for
 * all layers.
 */
final class SkipGates {
    /** The axes argument of ReduceL2 has been an input since this operator set. */
    private static final int AXES_AS_INPUT = 18;

    private final OnnxModel graph;
    private final GraphBuilder b;
    private final List<FeedForwardBranch> region;
    private final Map<NodeProto, List<NodeProto>> replacements = new HashMap<>();
    private final List<String> computed = new ArrayList<>();

    private SkipGates(OnnxModel graph, List<FeedForwardBranch> region) {
        this.graph = graph;
        this.b = new GraphBuilder(graph);
        this.region = region;
    }

    /**
     * Writes the gates.
     *
     * @param graph is changed
     * @param region feed-forwards in the order of the layers, two or more; the first is never
     *     skipped, as nothing before it sets off skipping
     */
    static void write(OnnxModel graph, List<FeedForwardBranch> region) {
        new SkipGates(graph, region).write();
    }

    private void write() {
        int skippable = region.size() - 1;
        b.input(Effort.SKIP_THRESHOLDS, ElementType.FLOAT, "tokens");
        b.input(Effort.SKIP_COUNTS, ElementType.INT64, "tokens");
        b.input(Effort.SKIP_REARMS, ElementType.BOOL, "tokens");
        List<String> ends = ends(skippable);
        List<String> limits = limits(skippable);
        String places = places();
        String nothing = nothing(region.get(0).stream());
        String end = longs("skip.never", List.of(1L), 0);
        for (int i = 0; i < region.size(); i++) {
            FeedForwardBranch branch = region.get(i);
            String at = "layers." + branch.layer() + ".skip.";
            String out = branch.out();
            if (i > 0) {
                String number = longs("skip.layer." + i, List.of(1L), i);
                String runs = b.node("LessOrEqual", end, number).output(at + "runs");
                computed.add(runs);
                out = compacted(branch, runs, places, nothing, at);
            }
            if (i < skippable) {
                String sets = barelyTurned(branch, out, at);
                if (i > 0) {
                    String may = b.node("LessOrEqual", end, limits.get(i)).output(at + "armed");
                    sets = b.node("And", sets, may).output(at + "sets");
                }
                end = b.node("Where", sets, ends.get(i), end).output(at + "end");
            }
        }
        String all =
                b.node("Concat", computed.toArray(String[]::new))
                        .attribute("axis", 0)
                        .output("skip.computed");
        b.node("Not", all).output(Effort.SKIPPED);
        b.output(Effort.SKIPPED, ElementType.BOOL, skippable, "tokens");
        List<NodeProto> nodes =
                graph.nodes().stream()
                        .flatMap(n -> replacements.getOrDefault(n, List.of(n)).stream())
                        .toList();
        graph.nodes().clear();
        graph.nodes().addAll(nodes);
    }

    /** For each feed-forward but the last: where skipping ends if it sets it off, [1, tokens]. */
    private List<String> ends(int skippable) {
        // More than the region holds is as much as it holds, and cannot overflow.
        String most = longs("skip.most", List.of(1L), region.size());
        String counts = b.node("Min", Effort.SKIP_COUNTS, most).output("skip.counts");
        String behind = longs("skip.behind", List.of((long) skippable, 1L), numbers(1, skippable));
        return split(b.node("Add", counts, behind).output("skip.ends"), skippable);
    }

    /** For each feed-forward but the last: the highest end with which it may set off skipping. */
    private List<String> limits(int skippable) {
        String never = longs("skip.never", List.of(1L), 0);
        String own = longs("skip.own", List.of((long) skippable, 1L), numbers(0, skippable));
        return split(
                b.node("Where", Effort.SKIP_REARMS, own, never).output("skip.limits"), skippable);
    }

    private List<String> split(String value, int parts) {
        if (parts == 1) {
            return List.of(value);
        }
        long[] ones = new long[parts];
        Arrays.fill(ones, 1);
        String[] names = new String[parts];
        for (int i = 0; i < parts; i++) {
            names[i] = value + "." + i;
        }
        return b.node("Split", value, longs("skip.split", List.of((long) parts), ones))
                .attribute("axis", 0)
                .outputs(names);
    }

    /** The place (0, t) of each token, {@code [1, tokens, 2]}. */
    private String places() {
        String tokens = b.node("Shape", Effort.SKIP_THRESHOLDS).output("skip.tokens");
        String one = longs("skip.one", List.of(1L), 1);
        String shape = b.node("Concat", one, tokens).attribute("axis", 0).output("skip.shape");
        String ones =
                b.node("ConstantOfShape", shape)
                        .attribute("value", longs(List.of(1L), 1))
                        .output("skip.ones");
        String places = b.node("NonZero", ones).output("skip.columns");
        String rows = b.node("Transpose", places).ints("perm", 1, 0).output("skip.rows");
        String first = longs("skip.first", List.of(1L), 0);
        return b.node("Unsqueeze", rows, first).output("skip.places");
    }

    private String nothing(String stream) {
        String shape = b.node("Shape", stream).output("skip.size");
        return b.node("ConstantOfShape", shape).output("skip.nothing");
    }

    /** Gives the branch the rows that are computed, and spreads what comes out among zeros. */
    private String compacted(
            FeedForwardBranch branch, String runs, String places, String nothing, String at) {
        String chosen = b.node("Compress", places, runs).attribute("axis", 1).output(at + "places");
        String rows = b.node("GatherND", branch.in(), chosen).output(at + "rows");
        for (NodeProto node : branch.nodes()) {
            replacements.put(
                    node, renamed(node, value -> value.equals(branch.in()) ? rows : value));
        }
        String spread = b.node("ScatterND", nothing, chosen, branch.out()).output(at + "spread");
        replacements.put(
                branch.add(),
                renamed(branch.add(), value -> value.equals(branch.out()) ? spread : value));
        return spread;
    }

    /** Tells for each token whether cos(u, u + out) reaches its threshold, [1, tokens]. */
    private String barelyTurned(FeedForwardBranch branch, String out, String at) {
        String u = branch.stream();
        String h = sum(branch, out, at);
        String product = b.node("Mul", u, h).output(at + "product");
        String last = longs("skip.last", List.of(1L), -1);
        String dot = b.node("ReduceSum", product, last).attribute("keepdims", 0).output(at + "dot");
        String lengths =
                b.node("Mul", length(u, at + "before"), length(h, at + "behind"))
                        .output(at + "lengths");
        String least = b.node("Mul", lengths, Effort.SKIP_THRESHOLDS).output(at + "least");
        // Not "or equal": a stream of zeros is no reason to skip, least of all above 1.
        return b.node("Greater", dot, least).output(at + "near");
    }

    /** A fused add that keeps its sum has it as its fourth output; a plain one is the sum. */
    private String sum(FeedForwardBranch branch, String out, String at) {
        NodeProto add = branch.add();
        if (add.getOpType().equals("Add")) {
            return add.getOutput(0);
        }
        return add.getOutputCount() > 3 && !add.getOutput(3).isEmpty()
                ? add.getOutput(3)
                : b.node("Add", branch.stream(), out).output(at + "sum");
    }

    private String length(String x, String name) {
        boolean input = graph.opsets().getOrDefault("", 0) >= AXES_AS_INPUT;
        NodeBuilder node =
                input
                        ? b.node("ReduceL2", x, longs("skip.last", List.of(1L), -1))
                        : b.node("ReduceL2", x).ints("axes", -1);
        return node.attribute("keepdims", 0).output(name);
    }

    private static List<NodeProto> renamed(NodeProto node, UnaryOperator<String> name) {
        OnnxModel one = new OnnxModel("one");
        one.nodes().add(node);
        one.replaceNodes(
                inner -> {
                    NodeProto.Builder builder = inner.toBuilder();
                    for (int i = 0; i < inner.getInputCount(); i++) {
                        builder.setInput(i, name.apply(inner.getInput(i)));
                    }
                    return List.of(builder.build());
                });
        return List.copyOf(one.nodes());
    }

    private static long[] numbers(long from, int count) {
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = from + i;
        }
        return numbers;
    }

    private String longs(String name, List<Long> shape, long... values) {
        if (!graph.initializers().containsKey(name)) {
            b.initializer(name, longs(shape, values));
        }
        return name;
    }

    private static Tensor longs(List<Long> shape, long... values) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Long.BYTES * values.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asLongBuffer().put(values);
        return new Tensor(ElementType.INT64, shape, data);
    }
}
