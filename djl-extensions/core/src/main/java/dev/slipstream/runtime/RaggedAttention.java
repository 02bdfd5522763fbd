package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Puts Slipstream's native attention in the place of ONNX Runtime's {@code GroupQueryAttention}.
 * One run then takes new tokens of several sequences, each of any number, and keys and values of a
 * sequence lie in one buffer for all layers. A row's bits depend on nothing but the row and what it
 * sees, whatever shares its run.
 */
final class RaggedAttention {
    /** Rows of each sequence: from {@code [s]} to {@code [s + 1]}. */
    static final String STARTS = "sequence_starts";

    /** Tokens that each sequence holds already, {@code [sequences]}. */
    static final String PASTS = "sequence_pasts";

    /**
     * Before the number of a sequence: its keys and values, {@code [layers, 2, heads, capacity,
     * headSize]}.
     */
    static final String KEYS_VALUES = "key_values.";

    /** What the rows of each sequence see, {@code [sequences]}. */
    static final String MODES = "sequence_modes";

    /** Where rows stand that are not causal, {@code [rows]}, else empty. */
    static final String PLACES = "row_places";

    /** By row, a bit for each new row of its sequence that it sees, {@code [rows, words]}. */
    static final String SIGHTS = "row_sights";

    /** Metadata property: query heads that share a key/value head. */
    static final String GROUP = "slipstream.attention_group";

    /** Of what the operator computes; a change of its arithmetic, as of its order, is a new one. */
    static final String VERSION = "ragged-attention-2";

    private static final String DOMAIN = "dev.slipstream";
    private static final String PAST = "past_key_values.";
    private static final String PRESENT = "present.";
    private static final Set<String> DROPPED = Set.of("seqlens_k", "total_sequence_length");

    private final OnnxModel graph;
    private final int sequences;
    private final Map<Integer, long[]> shapes = new TreeMap<>();
    private final Set<Integer> replaced = new HashSet<>();
    private boolean fits = true;
    private long group = 1;

    private RaggedAttention(OnnxModel graph, int sequences) {
        this.graph = graph;
        this.sequences = sequences;
    }

    /**
     * Returns the graph with its attention replaced; null if it is of another form, or asks for
     * something that the operator does not do.
     *
     * @param contextLength the most tokens of a sequence
     * @param options how many sequences share a run, and for how many rows attention is kept
     */
    static @Nullable OnnxModel of(OnnxModel graph, int contextLength, RuntimeOptions options) {
        RaggedAttention rewrite = new RaggedAttention(graph.copy(), options.sequences());
        return rewrite.rewrite(contextLength, options.keptContextRows()) ? rewrite.graph : null;
    }

    private boolean rewrite(int contextLength, int keptRows) {
        for (ValueInfoProto input : graph.inputs()) {
            if (input.getName().startsWith(PAST)) {
                readShape(input);
            }
        }
        graph.replaceNodes(this::replaced);
        if (!fits
                || !replaced.equals(shapes.keySet())
                || !sameForAllLayers()
                || !oneBufferHolds(contextLength + group * keptRows)) {
            return false;
        }
        graph.inputs()
                .removeIf(
                        input ->
                                input.getName().startsWith(PAST)
                                        || DROPPED.contains(input.getName()));
        graph.outputs().removeIf(output -> output.getName().startsWith(PRESENT));
        graph.opsets().put(DOMAIN, 1);
        GraphBuilder builder = new GraphBuilder(graph);
        builder.input(STARTS, ElementType.INT32, sequences + 1);
        builder.input(PASTS, ElementType.INT32, sequences);
        builder.input(MODES, ElementType.INT32, sequences);
        builder.input(PLACES, ElementType.INT32, "placed_rows");
        builder.input(SIGHTS, ElementType.INT64, "placed_rows", "words");
        graph.metadata().put(GROUP, String.valueOf(group));
        long[] shape = shapes.get(0);
        for (int i = 0; i < sequences; i++) {
            builder.input(
                    KEYS_VALUES + i,
                    ElementType.FLOAT,
                    shapes.size(),
                    2,
                    shape[1],
                    "capacity." + i,
                    shape[3]);
        }
        return true;
    }

    private void readShape(ValueInfoProto input) {
        TensorShapeProto shape = input.getType().getTensorType().getShape();
        boolean floats = input.getType().getTensorType().getElemType() == ElementType.FLOAT.code();
        if (!floats || shape.getDimCount() != 4) {
            fits = false;
            return;
        }
        long[] sizes = shape.getDimList().stream().mapToLong(d -> d.getDimValue()).toArray();
        shapes.put(layer(input.getName()), sizes);
    }

    private boolean sameForAllLayers() {
        long[] first = shapes.get(0);
        return first != null
                && first[1] > 0
                && first[3] > 0
                && first[3] % 8 == 0
                && shapes.values().stream().allMatch(s -> s[1] == first[1] && s[3] == first[3]);
    }

    /** Java's buffers hold 2 GiB. */
    private boolean oneBufferHolds(long rows) {
        long[] shape = shapes.get(0);
        long perToken = shapes.size() * 2L * shape[1] * shape[3] * Float.BYTES;
        return perToken * rows <= Integer.MAX_VALUE;
    }

    private List<NodeProto> replaced(NodeProto node) {
        return switch (node.getOpType()) {
            case "GroupQueryAttention" -> List.of(attention(node));
            case "If" -> List.of(withoutPresent(node));
            case "Identity" -> node.getInput(0).startsWith(PAST) ? List.of() : List.of(node);
            default -> List.of(node);
        };
    }

    private NodeProto attention(NodeProto node) {
        NodeProto.Builder ragged =
                NodeProto.newBuilder()
                        .setName(node.getName())
                        .setOpType("RaggedAttention")
                        .setDomain(DOMAIN)
                        .addOutput(node.getOutput(0));
        List<String> inputs = node.getInputList();
        fits &= node.getAttributeList().stream().anyMatch(a -> a.getName().equals("scale"));
        fits &= inputs.size() >= 9 && inputs.stream().skip(9).allMatch(String::isEmpty);
        if (!fits || !inputs.get(3).startsWith(PAST)) {
            fits = false;
            return node;
        }
        ragged.addAllInput(inputs.subList(0, 3)).addInput(STARTS).addInput(PASTS);
        ragged.addInput(inputs.get(7)).addInput(inputs.get(8));
        ragged.addInput(MODES).addInput(PLACES).addInput(SIGHTS);
        group = Math.max(group, group(node));
        for (int i = 0; i < sequences; i++) {
            ragged.addInput(KEYS_VALUES + i);
        }
        for (AttributeProto attribute : node.getAttributeList()) {
            switch (attribute.getName()) {
                case "num_heads", "kv_num_heads", "scale", "local_window_size" ->
                        ragged.addAttribute(attribute);
                case "do_rotary" -> fits &= attribute.getI() == 1;
                default -> fits &= attribute.getI() == 0 && attribute.getF() == 0;
            }
        }
        if (ragged.getAttributeList().stream()
                .noneMatch(attribute -> attribute.getName().equals("local_window_size"))) {
            ragged.addAttribute(Attributes.of("local_window_size", -1));
        }
        ragged.addAttribute(Attributes.of("layer", layer(inputs.get(3))));
        replaced.add(layer(inputs.get(3)));
        return ragged.build();
    }

    private static long group(NodeProto node) {
        return Attributes.whole(node, "num_heads", 1) / Attributes.whole(node, "kv_num_heads", 1);
    }

    /** Keys and values are no results any more: neither of a gate nor of its branches. */
    private static NodeProto withoutPresent(NodeProto gate) {
        List<Integer> kept = new ArrayList<>();
        for (int i = 0; i < gate.getOutputCount(); i++) {
            if (!gate.getOutput(i).startsWith(PRESENT)) {
                kept.add(i);
            }
        }
        if (kept.size() == gate.getOutputCount()) {
            return gate;
        }
        NodeProto.Builder result = gate.toBuilder().clearOutput();
        kept.forEach(i -> result.addOutput(gate.getOutput(i)));
        for (AttributeProto.Builder attribute : result.getAttributeBuilderList()) {
            if (attribute.hasG()) {
                GraphProto branch = attribute.getG();
                GraphProto.Builder less = branch.toBuilder().clearOutput();
                kept.forEach(i -> less.addOutput(branch.getOutput(i)));
                attribute.setG(less);
            }
        }
        return result.build();
    }

    /** Reads the number out of {@code past_key_values.N.key}. */
    private static int layer(String past) {
        String rest = past.substring(PAST.length());
        return Integer.parseInt(rest.substring(0, rest.indexOf('.')));
    }
}
