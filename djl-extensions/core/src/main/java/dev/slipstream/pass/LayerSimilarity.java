package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.runtime.GraphProbe;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How much each layer changes the hidden state: the "block influence" {@code 1 - cos(before,
 * behind)}, mean over the tokens (Men and others, ShortGPT, 2024).
 */
final class LayerSimilarity {
    private static final String STATE = "hidden_state.";

    private LayerSimilarity() {}

    /** Returns the influence of each layer by its index, 0 to 2. */
    static SortedMap<Integer, Double> influences(OnnxModel original, Calibration calibration) {
        List<Layer> layers = Anatomy.of(original).layers();
        OnnxModel graph = original.copy();
        List<String> states = states(graph, layers);
        double[] sums = new double[layers.size()];
        try (GraphProbe probe = GraphProbe.open(graph, states, calibration.runtime())) {
            for (int[] sequence : calibration.sequences()) {
                probe.run(
                        sequence,
                        Map.of(),
                        values -> {
                            for (int i = 0; i < sums.length; i++) {
                                sums[i] += apart(values, states.get(i), states.get(i + 1));
                            }
                            return sums;
                        });
            }
        }
        SortedMap<Integer, Double> influences = new TreeMap<>();
        for (int i = 0; i < sums.length; i++) {
            influences.put(layers.get(i).index(), sums[i] / calibration.tokens());
        }
        return influences;
    }

    /** Shows the stream before each layer and behind the last, as 32-bit floats. */
    private static List<String> states(OnnxModel graph, List<Layer> layers) {
        List<String> streams = new ArrayList<>();
        layers.forEach(layer -> streams.add(layer.subLayers().get(0).input()));
        List<SubLayer> last = layers.get(layers.size() - 1).subLayers();
        streams.add(behind(graph, last.get(last.size() - 1)));
        GraphBuilder builder = new GraphBuilder(graph);
        List<String> states = new ArrayList<>();
        for (String stream : streams) {
            states.add(
                    builder.node("Cast", stream)
                            .attribute("to", ElementType.FLOAT.code())
                            .output(STATE + states.size()));
        }
        return states;
    }

    /** A fused addition whose sum nobody needs gives out its norm alone: here it gives out both. */
    private static String behind(OnnxModel graph, SubLayer last) {
        NodeProto add = last.residualAdd();
        if (!BranchAdd.fused(add) || !BranchAdd.sum(add).isEmpty()) {
            return last.output();
        }
        NodeProto.Builder both = add.toBuilder();
        while (both.getOutputCount() < 3) {
            both.addOutput("");
        }
        String sum = add.getOutput(0) + ".sum";
        graph.nodes().set(graph.nodes().indexOf(add), both.addOutput(sum).build());
        return sum;
    }

    private static double apart(
            Map<String, GraphProbe.Value> values, String before, String behind) {
        FloatBuffer one = floats(values, before);
        FloatBuffer other = floats(values, behind);
        List<Long> shape = values.get(before).shape();
        int width = Math.toIntExact(shape.get(shape.size() - 1));
        double sum = 0;
        for (int row = 0; row < one.limit(); row += width) {
            double product = 0;
            double squares = 0;
            double otherSquares = 0;
            for (int i = row; i < row + width; i++) {
                product += (double) one.get(i) * other.get(i);
                squares += (double) one.get(i) * one.get(i);
                otherSquares += (double) other.get(i) * other.get(i);
            }
            sum += 1 - product / Math.sqrt(squares * otherSquares);
        }
        return sum;
    }

    private static FloatBuffer floats(Map<String, GraphProbe.Value> values, String name) {
        GraphProbe.Value value = values.get(name);
        if (value == null) {
            throw new IllegalStateException("the graph does not show " + name);
        }
        return value.floats();
    }
}
