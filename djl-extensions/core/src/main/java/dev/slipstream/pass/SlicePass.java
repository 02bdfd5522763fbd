package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Cuts feed-forwards down to their first neurons, for good: a smaller and faster model out of one
 * that was trained with nested feed-forwards (Devvrit and others, MatFormer, 2024). Gate and up
 * lose rows, down loses columns, the output bias stays. Exact in that the result is the model whose
 * other neurons are zeros; a layer of full width keeps its nodes and its tensors.
 *
 * @param width how wide
 * @param training which models may be cut
 */
public record SlicePass(Width width, Training training) implements Pass {
    static final String NAME = "slice";

    @Override
    public PassSpec spec() {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (width instanceof Width.Budget budget) {
            parameters.put("parameters", Double.toString(budget.parameters()));
        } else if (width instanceof Width.Each each) {
            parameters.put(each.widths().size() == 1 ? "width" : "widths", joined(each.widths()));
        }
        if (training == Training.ANY) {
            parameters.put("untrained", "true");
        }
        return new PassSpec(NAME, parameters);
    }

    @Override
    public Rewritten apply(
            OnnxModel graph, @Nullable Calibration calibration, PassProgress progress) {
        OnnxModel sliced = graph.copy();
        List<Integer> trained = Granularities.of(graph);
        if (trained.isEmpty() && training == Training.NESTED) {
            throw new PassException(
                    "%s: expected a model that was trained with nested feed-forwards, which says so by %s in its metadata (slipstream.ffn_granularities in config.json), found one without; its first neurons are not a model of their own and the text of a slice is likely useless; to cut it nevertheless give untrained=true"
                            .formatted(graph.name(), DecoderGraphs.GRANULARITIES));
        }
        List<FeedForward> feedForwards = FeedForward.of(sliced);
        List<Integer> widths = widths(graph, feedForwards, trained);
        Cuts cuts = new Cuts(sliced);
        Map<NodeProto, NodeProto> replaced = new HashMap<>();
        Map<String, NodeProto> byOutput = new HashMap<>();
        for (int i = 0; i < widths.size(); i++) {
            FeedForward feedForward = feedForwards.get(i);
            feedForward.require(widths.get(i));
            if (widths.get(i) < feedForward.neurons()) {
                feedForward
                        .first(widths.get(i), cuts)
                        .forEach(node -> byOutput.put(node.getOutput(0), node));
                feedForward
                        .nodes()
                        .forEach(node -> replaced.put(node, byOutput.get(node.getOutput(0))));
            }
        }
        sliced.nodes().replaceAll(node -> replaced.getOrDefault(node, node));
        int least = Collections.min(widths);
        Granularities.write(trained.stream().filter(width -> width <= least).toList(), sliced);
        sliced.removeUnused();
        return new Rewritten(sliced, report(graph, sliced, widths));
    }

    private List<Integer> widths(
            OnnxModel graph, List<FeedForward> feedForwards, List<Integer> trained) {
        if (width instanceof Width.Each each) {
            if (each.widths().size() == 1) {
                return Collections.nCopies(feedForwards.size(), each.widths().get(0));
            }
            if (each.widths().size() != feedForwards.size()) {
                throw new PassException(
                        "%s: widths: expected one for each of %d layers, found %d"
                                .formatted(
                                        graph.name(), feedForwards.size(), each.widths().size()));
            }
            return each.widths();
        }
        int neurons = feedForwards.get(0).neurons();
        for (FeedForward feedForward : feedForwards) {
            if (feedForward.neurons() != neurons) {
                throw new PassException(
                        "%s, layer %d: expected a feed-forward of %d neurons, as in the first layer, found %d; a budget is for layers of one width: give widths"
                                .formatted(
                                        graph.name(),
                                        feedForward.layer(),
                                        neurons,
                                        feedForward.neurons()));
            }
        }
        List<Integer> granularities =
                new ArrayList<>(trained.isEmpty() ? Granularities.usual(neurons) : trained);
        granularities.removeIf(granularity -> granularity >= neurons);
        granularities.add(neurons);
        MixAndMatch mix = new MixAndMatch(feedForwards.size(), granularities);
        double budget = ((Width.Budget) width).parameters();
        if (budget <= 1) {
            return mix.share(budget);
        }
        long whole = Anatomy.of(graph).parameters();
        long perNeuron = feedForwards.stream().mapToLong(FeedForward::parametersOfNeuron).sum();
        return mix.within(budget, "parameters", m -> whole - perNeuron * ((double) neurons - m));
    }

    private PassReport report(OnnxModel before, OnnxModel after, List<Integer> widths) {
        Anatomy whole = Anatomy.of(before);
        Anatomy part = Anatomy.of(after);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("widths", widths);
        facts.put("parametersBefore", whole.parameters());
        facts.put("parameters", part.parameters());
        facts.put("bytesBefore", whole.bytes());
        facts.put("bytes", part.bytes());
        return new PassReport(
                spec(),
                List.of(
                        "feed-forward widths, first layer first: " + joined(widths),
                        "%d of %d parameters stay (%.1f %%)"
                                .formatted(
                                        part.parameters(),
                                        whole.parameters(),
                                        100.0 * part.parameters() / whole.parameters())),
                facts);
    }

    private static String joined(List<Integer> widths) {
        return widths.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
