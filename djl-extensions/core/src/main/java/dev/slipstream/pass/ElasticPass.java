package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Lets each run say how wide each feed-forward is: all models that nested widths contain (Devvrit
 * and others, MatFormer, 2024) in one graph and one set of weights. The input {@link Effort#WIDTHS}
 * has for each layer the index of a width; the widest gives every bit as without the pass.
 *
 * <p>Neurons lie in chunks, each behind an {@code If}: with {@code g} widths a layer has {@code 2 g
 * - 3} of them, so that few widths cost less than many. Gate and up of a chunk are rows of the
 * whole matrices and take no memory of their own. Each width has its down product: the widest keeps
 * the whole matrix, because sums in another order would be another model, and the narrower have
 * copies of its first columns, {@code (m1 + m2 + ...) x hidden} values a layer. Where a matrix is
 * stored {@code [in, out]}, as exporters do, it is the other way round.
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
            for (int i = 0; i < feedForwards.size(); i++) {
                builder.initializer("elastic.index." + i, Scalars.of(i));
            }
            for (int i = 1; i < levels.size(); i++) {
                builder.initializer("elastic.level." + i, Scalars.of(i));
            }
            for (int i = 0; i < feedForwards.size(); i++) {
                new Chain(elastic, feedForwards.get(i), i, levels, cuts).write();
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
     * Writes one feed-forward: a value that grows from chunk to chunk of neurons until their level
     * is reached, is summed up there, and passes the rest unchanged.
     *
     * <p>The gates stand one behind the other and not in each other's branches, which would save
     * the gates behind the level: ONNX Runtime 1.29 packs a weight for nodes in the graph that owns
     * it and one below. Two below, a product runs on the matrix as it lies; in 4 and 8 bits that is
     * many times slower, and its bits are others.
     */
    private record Chain(
            OnnxModel model, FeedForward feedForward, int index, List<Integer> levels, Cuts cuts) {
        void write() {
            model.nodes().removeAll(feedForward.nodes());
            GraphBuilder graph = new GraphBuilder(model);
            String name = "elastic.layer." + index;
            String value =
                    feedForward.neurons(0, levels.get(0), ".chunk0", graph.model().nodes(), cuts);
            String level =
                    graph.node("Gather", Effort.WIDTHS, "elastic.index." + index)
                            .output(name + ".level");
            int last = levels.size() - 1;
            for (int i = 1; i <= last; i++) {
                String bound = "elastic.level." + i;
                String wider =
                        graph.node("GreaterOrEqual", level, bound).output(name + ".wider." + i);
                String grown = i == last ? feedForward.output() : name + ".neurons." + i;
                graph.model().nodes().add(grow(graph, value, wider, i, grown));
                value = grown;
                if (i < last) {
                    String here = graph.node("Equal", level, bound).output(name + ".here." + i);
                    String summed = name + ".sum." + i;
                    GraphBuilder sum = sum(graph, value, i, summed + ".made");
                    GraphBuilder passed = passed(graph, value, summed + ".passed");
                    graph.model()
                            .nodes()
                            .add(Gate.choose(here, sum.graph(), passed.graph(), List.of(summed)));
                    value = summed;
                }
            }
        }

        private NodeProto grow(
                GraphBuilder graph, String value, String wider, int level, String output) {
            String name = "elastic.layer." + index + ".chunk." + level;
            GraphBuilder more = graph.subgraph(name);
            String chunk =
                    feedForward.neurons(
                            levels.get(level - 1),
                            levels.get(level),
                            ".chunk" + level,
                            more.model().nodes(),
                            cuts);
            String all =
                    more.node("Concat", value, chunk)
                            .attribute("axis", -1)
                            .output(name + ".neurons");
            if (level == levels.size() - 1) {
                more.model()
                        .nodes()
                        .add(feedForward.sum(all, levels.get(level), name + ".sum", cuts));
                Gate.output(more, name + ".sum");
            } else {
                Gate.output(more, all);
            }
            String other = name + ".left";
            GraphBuilder enough =
                    level == 1 ? sum(graph, value, 0, other) : passed(graph, value, other);
            return Gate.choose(wider, more.graph(), enough.graph(), List.of(output));
        }

        private GraphBuilder sum(GraphBuilder graph, String value, int level, String output) {
            GraphBuilder branch = graph.subgraph(output + ".branch");
            branch.model().nodes().add(feedForward.sum(value, levels.get(level), output, cuts));
            Gate.output(branch, output);
            return branch;
        }

        private static GraphBuilder passed(GraphBuilder graph, String value, String output) {
            GraphBuilder branch = graph.subgraph(output + ".branch");
            Gate.output(branch, branch.node("Identity", value).output(output));
            return branch;
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
                .filter(tensor -> tensor.elements() > 1)
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
