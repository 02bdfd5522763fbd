package dev.slipstream.pass;

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
 * <p>Neurons lie in chunks, each but the first behind an {@code If}. Gate and up of a chunk are
 * rows of the whole matrices and take no memory of their own. Each width has its down product: the
 * widest keeps the whole matrix, because sums in another order would be another model, and the
 * narrower have copies of its first columns, {@code (m1 + m2 + ...) x hidden} values a layer. Where
 * a matrix is stored {@code [in, out]}, as exporters do, it is the other way round.
 *
 * <p>Each width more costs a run time, at every width: four of them a fifth of an int8 token at
 * full width, two a twentieth.
 *
 * @param widths in neurons, rising, the last one all of them; empty takes the model's granularities
 * @param training which models may be narrowed
 */
public record ElasticPass(List<Integer> widths, Training training) implements Pass {
    static final String NAME = "elastic";

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
    public Rewritten apply(
            OnnxModel graph, @Nullable Calibration calibration, PassProgress progress) {
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
            ChosenLevels chosen =
                    ChosenLevels.write(
                            builder, feedForwards.size(), levels, feedForwards.get(0).products());
            for (int i = 0; i < feedForwards.size(); i++) {
                new ElasticFeedForward(elastic, feedForwards.get(i), i, levels, chosen, cuts)
                        .write();
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
}
