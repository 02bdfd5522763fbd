package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Lets attention see even numbers of rows only, so that a token's logits have the same bits however
 * many tokens share its run: what decodes one by one, verifies a draft or reads a prompt by pieces
 * agrees to the last bit.
 *
 * <p>ONNX Runtime's products with weights give each row the same bits whatever the number of rows
 * (checked for {@code MatMulNBits} in 4 and 8 bits and for {@code FusedMatMul}, on one and two
 * threads). Its {@code GroupQueryAttention} works by tiles of rows, of twice the head size, and
 * does so too but for a tile of one row, whose probabilities meet the values in another kernel: a
 * difference of some 6e-7. Rounded activations make more of it: in int8 the logits of a 7M model
 * moved by up to 0.17, and 26 of 6,000 greedy tokens became others. So the last of an odd number of
 * rows goes in twice; its twin's key and value lie one place further on, where the next token
 * overwrites them.
 */
final class PairedRows {
    /** Indices into the new tokens, {@code [rows]}: all of them, the last twice if they are odd. */
    static final String ROWS = "attention_rows";

    /** Indices into those rows, {@code [tokens]}: the ones to keep. */
    static final String KEPT = "attention_kept_rows";

    private static final String LONGER = ".longer";

    // Inputs of a GroupQueryAttention.
    private static final int LENGTHS = 5;
    private static final int TOTAL = 6;
    private static final int COSINES = 7;
    private static final int SINES = 8;

    private PairedRows() {}

    /**
     * Returns the graph with its attention changed; itself if it has none of that kind, or some
     * whose lengths and angles do not come from where a built graph has them: an export may count
     * tokens in its mask, which knows no twins.
     */
    static OnnxModel of(OnnxModel graph) {
        OnnxModel paired = graph.copy();
        Set<NodeProto> attentions = new HashSet<>();
        // Replacing visits branches too, where gated attention is.
        paired.replaceNodes(
                node -> {
                    if (node.getOpType().equals("GroupQueryAttention")) {
                        attentions.add(node);
                    }
                    return List.of(node);
                });
        Set<String> inputs = new HashSet<>();
        graph.inputs().forEach(input -> inputs.add(input.getName()));
        if (attentions.isEmpty()
                || !attentions.stream().allMatch(node -> fits(node, inputs, graph))) {
            return graph;
        }
        for (NodeProto attention : attentions) {
            lengthen(paired, attention.getInput(COSINES));
            lengthen(paired, attention.getInput(SINES));
        }
        paired.replaceNodes(node -> attentions.contains(node) ? paired(node) : List.of(node));
        paired.initializers()
                .keySet()
                .removeIf(name -> paired.initializers().containsKey(name + LONGER));
        GraphBuilder builder = new GraphBuilder(paired);
        builder.input(ROWS, ElementType.INT64, "attention_rows");
        builder.input(KEPT, ElementType.INT64, "sequence");
        return paired;
    }

    private static boolean fits(NodeProto attention, Set<String> inputs, OnnxModel graph) {
        List<String> read = attention.getInputList();
        return read.size() > SINES
                && inputs.contains(read.get(LENGTHS))
                && inputs.contains(read.get(TOTAL))
                && graph.initializers().containsKey(read.get(COSINES))
                && graph.initializers().containsKey(read.get(SINES))
                && read.stream().skip(SINES + 1).allMatch(String::isEmpty);
    }

    /** The twin of the last token that fits needs a position too; what stands there is not used. */
    private static void lengthen(OnnxModel graph, String table) {
        String longer = table + LONGER;
        if (!graph.initializers().containsKey(longer)) {
            Tensor rows = graph.initializers().get(table);
            long width = rows.shape().get(1);
            ByteBuffer data = Buffers.allocate(rows.data().remaining() + width * Float.BYTES);
            data.put(rows.data().duplicate()).rewind();
            List<Long> shape = List.of(rows.shape().get(0) + 1, width);
            graph.initializers().put(longer, new Tensor(rows.type(), shape, data));
        }
    }

    private static List<NodeProto> paired(NodeProto attention) {
        List<NodeProto> nodes = new ArrayList<>();
        NodeProto.Builder inner = attention.toBuilder();
        for (int i = 0; i < 3; i++) {
            if (!attention.getInput(i).isEmpty()) {
                String rows = attention.getOutput(0) + ".rows" + i;
                nodes.add(gather(attention.getInput(i), ROWS, rows));
                inner.setInput(i, rows);
            }
        }
        inner.setInput(COSINES, attention.getInput(COSINES) + LONGER);
        inner.setInput(SINES, attention.getInput(SINES) + LONGER);
        String all = attention.getOutput(0) + ".all";
        nodes.add(inner.setName(all).setOutput(0, all).build());
        nodes.add(gather(all, KEPT, attention.getOutput(0)));
        return nodes;
    }

    private static NodeProto gather(String data, String indices, String output) {
        return NodeProto.newBuilder()
                .setName(output)
                .setOpType("Gather")
                .addInput(data)
                .addInput(indices)
                .addOutput(output)
                .addAttribute(Attributes.of("axis", 1))
                .build();
    }
}
