package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Lets each run say how wide each feed-forward is: all models that nested widths contain (Devvrit
 * and others, MatFormer, 2024) in one graph and one set of weights. The input {@link Effort#WIDTHS}
 * has for each layer the index of a width; the widest gives every bit as without the pass.
 *
 * <p>Neurons lie in chunks, and each product of a chunk gets all rows or, where it is not needed,
 * none: an empty product costs next to nothing. Gate and up of a chunk are rows of the whole
 * matrices and take no memory of their own. Each width has its down product: the widest keeps the
 * whole matrix, because sums in another order would be another model, and the narrower have copies
 * of its first columns, {@code (m1 + m2 + ...) x hidden} values a layer. Where a matrix is stored
 * {@code [in, out]}, as exporters do, it is the other way round.
 *
 * @param widths in neurons, rising, the last one all of them; empty takes the model's granularities
 * @param training which models may be narrowed
 */
public record ElasticPass(List<Integer> widths, Training training) implements Pass {
    private static final String NAME = "elastic";

    /** Copies the list. */
    public ElasticPass {
        widths = List.copyOf(widths);
    }

    @Override
    public PassSpec spec() {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (!widths.isEmpty()) {
            parameters.put("widths", joined(widths));
        }
        if (training == Training.ANY) {
            parameters.put("untrained", "true");
        }
        return new PassSpec(NAME, parameters);
    }

    @Override
    public Rewritten apply(OnnxModel graph, @Nullable Calibration calibration) {
        if (!GateNotes.read(graph.metadata()).widths().isEmpty()) {
            throw new PassException(
                    "%s: expected a model of one width, found one of %s; begin with the original model"
                            .formatted(graph.name(), GateNotes.read(graph.metadata()).widths()));
        }
        List<Integer> trained = Granularities.of(graph);
        if (trained.isEmpty() && training == Training.NESTED) {
            throw new PassException(
                    "%s: expected a model that was trained with nested feed-forwards, found one without slipstream.ffn_granularities; its first neurons are not a model of their own and narrow widths write useless text; to have them nevertheless give untrained=true"
                            .formatted(graph.name()));
        }
        OnnxModel elastic = graph.copy();
        List<FeedForward> feedForwards = FeedForward.of(elastic);
        List<Integer> levels = levels(trained, feedForwards.get(0).neurons());
        new MixAndMatch(feedForwards.size(), levels);
        for (FeedForward feedForward : feedForwards) {
            levels.forEach(feedForward::require);
            if (feedForward.neurons() != levels.get(levels.size() - 1)) {
                throw new PassException(
                        "%s, layer %d: expected a feed-forward of %d neurons, the last of the widths %s, found %d"
                                .formatted(
                                        graph.name(),
                                        feedForward.layer(),
                                        levels.get(levels.size() - 1),
                                        levels,
                                        feedForward.neurons()));
            }
        }
        Cuts cuts = new Cuts(elastic);
        if (levels.size() > 1) {
            GraphBuilder builder = new GraphBuilder(elastic);
            builder.input(Effort.WIDTHS, ElementType.INT64, feedForwards.size());
            Ends ends = Ends.write(builder, feedForwards.size(), levels.size());
            for (int i = 0; i < feedForwards.size(); i++) {
                new Chunks(elastic, feedForwards.get(i), i, levels, ends, cuts).write();
            }
            new GateNotes(List.of(), levels, null).write(elastic);
        }
        elastic.removeUnused();
        return new Rewritten(elastic, report(graph, elastic, levels));
    }

    private List<Integer> levels(List<Integer> trained, int neurons) {
        if (!widths.isEmpty()) {
            return widths;
        }
        List<Integer> levels =
                new ArrayList<>(trained.isEmpty() ? Granularities.usual(neurons) : trained);
        levels.removeIf(width -> width >= neurons);
        levels.add(neurons);
        return levels;
    }

    /**
     * Ends for {@code Slice}: for each layer and level, all rows or none.
     *
     * @param from levels from this one on; whether a chunk of neurons is needed
     * @param exactly this level; whether the neurons so far are summed up
     */
    private record Ends(List<String> from, List<String> exactly, int levels) {
        static Ends write(GraphBuilder graph, int layers, int levels) {
            String column =
                    graph.node(
                                    "Reshape",
                                    Effort.WIDTHS,
                                    graph.initializer("elastic.column", Whole.of(-1, 1)))
                            .output("elastic.levels");
            long[] bounds = LongStream.range(0, levels - 1).toArray();
            String below = graph.initializer("elastic.below", Whole.of(bounds));
            graph.initializer("elastic.all", Whole.of(Long.MAX_VALUE));
            graph.initializer("elastic.flat", Whole.of(-1));
            graph.initializer("elastic.start", Whole.of(0));
            return new Ends(
                    split(
                            graph,
                            graph.node("Greater", column, below).output("elastic.wider"),
                            layers * (levels - 1)),
                    split(
                            graph,
                            graph.node("Equal", column, below).output("elastic.here"),
                            layers * (levels - 1)),
                    levels);
        }

        private static List<String> split(GraphBuilder graph, String flags, int count) {
            String numbers =
                    graph.node("Cast", flags)
                            .attribute("to", ElementType.INT64.code())
                            .output(flags + ".numbers");
            String ends = graph.node("Mul", numbers, "elastic.all").output(flags + ".ends");
            String flat = graph.node("Reshape", ends, "elastic.flat").output(flags + ".flat");
            if (count == 1) {
                return List.of(flat);
            }
            NodeBuilder split = graph.node("Split", flat);
            if (graph.model().opsets().get("") >= 18) {
                split.attribute("num_outputs", count);
            }
            return split.outputs(
                    IntStream.range(0, count)
                            .mapToObj(i -> flags + "." + i)
                            .toArray(String[]::new));
        }

        /** Returns the end of the rows for which a chunk of neurons is needed. */
        String from(int layer, int level) {
            return from.get(layer * (levels - 1) + level - 1);
        }

        /** Returns the end of the rows whose neurons are summed up at a level but the last. */
        String exactly(int layer, int level) {
            return exactly.get(layer * (levels - 1) + level);
        }
    }

    /**
     * Writes one feed-forward. Each product gets all rows or none; one of no rows costs what a node
     * costs, some 0.25 us.
     *
     * <p>With an {@code If} for each chunk and sum, which were five for four widths, a token of 30
     * layers took 1.2 to 1.4 times the plain graph's processor time. With an {@code If} in the
     * branch of another, fewer would run; but ONNX Runtime 1.29 packs a weight for nodes in the
     * graph that owns it and one below. Two below, a product runs on the matrix as it lies, which
     * in 4 and 8 bits is many times slower, and its bits are others.
     */
    private record Chunks(
            OnnxModel model,
            FeedForward feedForward,
            int index,
            List<Integer> levels,
            Ends ends,
            Cuts cuts) {
        void write() {
            model.nodes().removeAll(feedForward.nodes());
            GraphBuilder graph = new GraphBuilder(model);
            String name = "elastic.layer." + index;
            int last = levels.size() - 1;
            String value = feedForward.neurons(0, levels.get(0), ".chunk0", model.nodes(), cuts);
            List<String> sums = new ArrayList<>();
            for (int i = 1; i <= last; i++) {
                String here = rows(graph, value, ends.exactly(index, i - 1), name + ".here." + i);
                sums.add(sum(here, i - 1, name + ".sum." + i));
                String before = rows(graph, value, ends.from(index, i), name + ".before." + i);
                value =
                        graph.node("Concat", before, chunk(graph, i, name))
                                .attribute("axis", -1)
                                .output(name + ".neurons." + i);
            }
            sums.add(sum(value, last, name + ".sum.all"));
            model.nodes()
                    .add(
                            NodeProto.newBuilder()
                                    .setName(feedForward.output())
                                    .setOpType("Concat")
                                    .addAllInput(sums)
                                    .addOutput(feedForward.output())
                                    .addAttribute(
                                            AttributeProto.newBuilder()
                                                    .setName("axis")
                                                    .setType(AttributeProto.AttributeType.INT)
                                                    .setI(0))
                                    .build());
        }

        private String chunk(GraphBuilder graph, int level, String name) {
            Map<String, String> inputs = new LinkedHashMap<>();
            for (String input : feedForward.inputs()) {
                inputs.put(
                        input,
                        rows(graph, input, ends.from(index, level), name + ".input." + level));
            }
            List<NodeProto> nodes = new ArrayList<>();
            String chunk =
                    feedForward.neurons(
                            levels.get(level - 1),
                            levels.get(level),
                            ".chunk" + level,
                            nodes,
                            cuts);
            for (NodeProto node : nodes) {
                String input = inputs.get(node.getInput(0));
                model.nodes()
                        .add(input == null ? node : node.toBuilder().setInput(0, input).build());
            }
            return chunk;
        }

        /** The first axis is the batch's, or that of all tokens. */
        private static String rows(GraphBuilder graph, String value, String end, String name) {
            return graph.node("Slice", value, "elastic.start", end, "elastic.start").output(name);
        }

        private String sum(String value, int level, String name) {
            model.nodes().add(feedForward.sum(value, levels.get(level), name, cuts));
            return name;
        }
    }

    private PassReport report(OnnxModel before, OnnxModel after, List<Integer> levels) {
        long bytes = Anatomy.of(before).bytes();
        long extra = matrices(after) - matrices(before);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("widths", levels);
        facts.put("bytesBefore", bytes);
        facts.put("extraBytes", extra);
        return new PassReport(
                spec(),
                List.of(
                        "feed-forward widths: " + joined(levels),
                        "%d bytes of weights more than the %d of the plain model (%.1f %%)"
                                .formatted(extra, bytes, 100.0 * extra / bytes)),
                facts);
    }

    /** Counts parts of equal content as often as they are there, unlike an anatomy. */
    private static long matrices(OnnxModel model) {
        return model.initializers().values().stream()
                .filter(tensor -> tensor.type() != ElementType.INT64)
                .mapToLong(tensor -> tensor.data().remaining())
                .sum();
    }

    private static String joined(List<Integer> widths) {
        return widths.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /** Makes the pass from a plan. */
    public static final class Factory implements PassFactory {
        @Override
        public String name() {
            return NAME;
        }

        @Override
        public String description() {
            return "lets each run choose feed-forward widths of a nested model: widths=(96,192,384,768)";
        }

        @Override
        public Pass create(Parameters parameters) {
            List<Integer> widths = parameters.wholes("widths", 1);
            return new ElasticPass(
                    widths, parameters.flag("untrained", false) ? Training.ANY : Training.NESTED);
        }
    }
}
