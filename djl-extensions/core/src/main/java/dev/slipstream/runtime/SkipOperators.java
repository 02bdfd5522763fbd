package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Makes deciding on skipped feed-forwards cheap: two native nodes a layer in the place of the
 * fourteen that the pass {@code ffn-skip} writes. {@link DecoderModel} does this by itself where
 * the operators are on the class path; use it for a session of your own that has registered them.
 *
 * <p>The decisions are those of the graph as it was, but where a cosine is within the rounding of
 * its threshold. A row's decision depends on nothing but the row.
 */
public final class SkipOperators {
    /** Of what the operators decide; a change of their arithmetic is a new one. */
    static final String VERSION = "skip-1";

    private static final String DOMAIN = "dev.slipstream";

    /** Names that the pass gives: a state without skipping, the later states, the rows' places. */
    private static final String NEVER = "skip.never";

    private static final String ENDS = "skip.ends";
    private static final String PLACES = "skip.places";

    private final OnnxModel graph;
    private final Map<String, NodeProto> producers = new HashMap<>();
    private final List<Skippable> skippables = new ArrayList<>();
    private final List<Trigger> triggers = new ArrayList<>();

    private SkipOperators(OnnxModel graph) {
        this.graph = graph;
        for (NodeProto node : graph.nodes()) {
            node.getOutputList().forEach(value -> producers.put(value, node));
        }
    }

    /** A feed-forward that rows may skip: what gives it its rows, and what spreads its results. */
    private record Skippable(NodeProto gather, NodeProto scatter) {}

    /** A feed-forward that sets off skipping: the stream before it, and what it adds. */
    private record Trigger(String stream, String out) {}

    /**
     * Returns the graph with native operators; itself if it skips nothing, or by nodes of another
     * form.
     *
     * @param graph not changed
     */
    public static OnnxModel of(OnnxModel graph) {
        boolean skips =
                graph.outputs().stream()
                        .anyMatch(output -> output.getName().equals(Effort.SKIPPED));
        if (!skips) {
            return graph;
        }
        OnnxModel copy = graph.copy();
        SkipOperators rewrite = new SkipOperators(copy);
        if (!rewrite.read()) {
            return graph;
        }
        rewrite.write();
        return copy;
    }

    /** Tells whether all nodes have the form that the pass gives them. */
    private boolean read() {
        List<String> runs =
                producer(Effort.SKIPPED, "Not")
                        .flatMap(not -> producer(not.getInput(0), "Concat"))
                        .map(all -> List.copyOf(all.getInputList()))
                        .orElse(List.of());
        Map<String, NodeProto> gathers = byChosen("GatherND");
        Map<String, NodeProto> scatters = byChosen("ScatterND");
        String before = NEVER;
        for (int i = 0; i < runs.size(); i++) {
            NodeProto compares = producer(runs.get(i), "LessOrEqual").orElse(null);
            NodeProto gather = gathers.get(runs.get(i));
            NodeProto scatter = scatters.get(runs.get(i));
            if (compares == null || gather == null || scatter == null) {
                return false;
            }
            String end = compares.getInput(0);
            Optional<Trigger> trigger = trigger(end, before);
            if (trigger.isEmpty() || !follows(trigger.get()) || !has(compares, i + 1)) {
                return false;
            }
            before = end;
            triggers.add(trigger.get());
            skippables.add(new Skippable(gather, scatter));
        }
        return !runs.isEmpty();
    }

    private Optional<NodeProto> producer(String value, String operator) {
        return Optional.ofNullable(producers.get(value))
                .filter(node -> node.getOpType().equals(operator));
    }

    /** The nodes that take the places of the rows that run, by the value that says which run. */
    private Map<String, NodeProto> byChosen(String operator) {
        Map<String, NodeProto> found = new HashMap<>();
        for (NodeProto node : graph.nodes()) {
            if (node.getOpType().equals(operator)) {
                producer(node.getInput(1), "Compress")
                        .filter(compress -> compress.getInput(0).equals(PLACES))
                        .ifPresent(compress -> found.put(compress.getInput(1), node));
            }
        }
        return found;
    }

    /** Reads backwards from the state behind a feed-forward. */
    private Optional<Trigger> trigger(String end, String before) {
        return producer(end, "Where")
                .filter(where -> where.getInput(1).startsWith(ENDS))
                .filter(where -> where.getInput(2).equals(before))
                .flatMap(
                        where ->
                                producer(where.getInput(0), "And")
                                        .map(and -> and.getInput(0))
                                        .or(() -> Optional.of(where.getInput(0))))
                .flatMap(near -> producer(near, "Greater"))
                .flatMap(near -> producer(near.getInput(0), "ReduceSum"))
                .flatMap(dot -> producer(dot.getInput(0), "Mul"))
                .flatMap(product -> trigger(product));
    }

    private Optional<Trigger> trigger(NodeProto product) {
        String stream = product.getInput(0);
        NodeProto add = producers.get(product.getInput(1));
        if (add == null || add.getInputCount() < 2) {
            return Optional.empty();
        }
        List<String> terms = add.getInputList().subList(0, 2);
        return terms.contains(stream)
                ? Optional.of(new Trigger(stream, terms.get(stream.equals(terms.get(0)) ? 1 : 0)))
                : Optional.empty();
    }

    /** What a feed-forward behind the first adds is what was spread. */
    private boolean follows(Trigger trigger) {
        return skippables.isEmpty()
                || trigger.out()
                        .equals(skippables.get(skippables.size() - 1).scatter().getOutput(0));
    }

    private boolean has(NodeProto compares, long number) {
        Tensor constant = graph.initializers().get(compares.getInput(1));
        return constant != null
                && constant.type() == ElementType.INT64
                && constant.shape().equals(List.of(1L))
                && constant.data().order(ByteOrder.LITTLE_ENDIAN).getLong(0) == number;
    }

    private void write() {
        NodeProto not = producers.get(Effort.SKIPPED);
        Set<NodeProto> replaced = new HashSet<>(Set.of(not));
        for (Skippable skippable : skippables) {
            replaced.add(skippable.gather());
            replaced.add(skippable.scatter());
        }
        graph.nodes().removeIf(replaced::contains);
        graph.opsets().put(DOMAIN, 1);
        GraphBuilder b = new GraphBuilder(graph);
        Trigger first = triggers.get(0);
        int last = skippables.size();
        String state =
                b.node(
                                "SkipFirst",
                                DOMAIN,
                                List.of(
                                        first.stream(),
                                        first.out(),
                                        Effort.SKIP_THRESHOLDS,
                                        Effort.SKIP_COUNTS,
                                        Effort.SKIP_REARMS))
                        .attribute("region", last + 1)
                        .output("skip.state.0");
        for (int i = 1; i <= last; i++) {
            NodeProto gather = skippables.get(i - 1).gather();
            NodeProto scatter = skippables.get(i - 1).scatter();
            b.node("SkipGather", DOMAIN, List.of(gather.getInput(0), state))
                    .attribute("number", i)
                    .output(gather.getOutput(0));
            // What the last one would set off is read by none: any stream will do.
            String stream = triggers.get(Math.min(i, last - 1)).stream();
            state =
                    b.node("SkipSpread", DOMAIN, List.of(stream, scatter.getInput(2), state))
                            .attribute("number", i)
                            .outputs(scatter.getOutput(0), "skip.state." + i)
                            .get(1);
        }
        b.node("SkipMask", DOMAIN, List.of(state)).attribute("number", last).output(Effort.SKIPPED);
        graph.removeUnused();
        graph.sort();
    }
}
