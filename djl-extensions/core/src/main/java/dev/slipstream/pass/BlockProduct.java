package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A product with a matrix of integers in blocks along what comes in, {@code MatMulNBits}: values
 * {@code [out, in/block, bytes]}, scales {@code [out, in/block]}, without zero points.
 *
 * @param node the product
 * @param in features that come in
 * @param out features that come out
 * @param block features of one scale
 */
record BlockProduct(NodeProto node, int in, int out, int block) implements Product {
    private static final int ZERO_POINTS = 3;
    private static final int ORDER = 4;
    private static final int BIAS = 5;

    static @Nullable BlockProduct of(NodeProto node, Map<String, Tensor> initializers) {
        int in = Math.toIntExact(Attributes.whole(node, "K", 0));
        int out = Math.toIntExact(Attributes.whole(node, "N", 0));
        int block = Math.toIntExact(Attributes.whole(node, "block_size", 0));
        if (block < 1) {
            return null;
        }
        long blocks = (in + block - 1) / block;
        Tensor values = initializers.get(node.getInput(1));
        Tensor scales = initializers.get(node.getInput(2));
        boolean known =
                values != null
                        && scales != null
                        && values.shape().size() == 3
                        && scales.type() == ElementType.FLOAT
                        && scales.shape().equals(List.of((long) out, blocks))
                        && !given(node, ZERO_POINTS)
                        && !given(node, ORDER)
                        && (!given(node, BIAS) || initializers.containsKey(node.getInput(BIAS)));
        return known ? new BlockProduct(node, in, out, block) : null;
    }

    @Override
    public long parametersOfRow() {
        return in + (given(node, BIAS) ? 1L : 0L);
    }

    @Override
    public @Nullable String uncuttable(int columns) {
        return columns % block == 0
                ? null
                : "a multiple of %d, the features that share a scale".formatted(block);
    }

    @Override
    public NodeProto rows(int from, int to, Cuts cuts) {
        NodeProto.Builder cut = cut(0, from, to, cuts);
        if (given(node, BIAS)) {
            cut.setInput(BIAS, cuts.part(node.getInput(BIAS), 0, from, to));
        }
        return with(cut, "N", to - from);
    }

    /** Tells whether rows of another product can be computed by the same node. */
    boolean stacks(BlockProduct other) {
        NodeProto theirs = other.node();
        return node.getInput(0).equals(theirs.getInput(0))
                && out == other.out
                && given(node, BIAS) == given(theirs, BIAS)
                && new HashSet<>(node.getAttributeList())
                        .equals(new HashSet<>(theirs.getAttributeList()));
    }

    /** Returns a node for the same rows of this product and of others that stack with it. */
    NodeProto stacked(List<BlockProduct> others, int from, int to, Cuts cuts) {
        NodeProto.Builder stacked = node.toBuilder();
        for (int input : given(node, BIAS) ? new int[] {1, 2, BIAS} : new int[] {1, 2}) {
            List<String> parts = new ArrayList<>(List.of(node.getInput(input)));
            others.forEach(other -> parts.add(other.node.getInput(input)));
            stacked.setInput(input, cuts.stacked(parts, from, to));
        }
        return with(stacked, "N", (1 + others.size()) * (to - from));
    }

    @Override
    public NodeProto columns(int to, Cuts cuts) {
        return to == in ? node : with(cut(1, 0, to / block, cuts), "K", to);
    }

    private NodeProto.Builder cut(int axis, int from, int to, Cuts cuts) {
        return node.toBuilder()
                .setInput(1, cuts.part(node.getInput(1), axis, from, to))
                .setInput(2, cuts.part(node.getInput(2), axis, from, to));
    }

    private static NodeProto with(NodeProto.Builder node, String name, int value) {
        for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
            if (attribute.getName().equals(name)) {
                attribute.setI(value);
            }
        }
        return node.build();
    }

    private static boolean given(NodeProto node, int input) {
        return node.getInputCount() > input && !node.getInput(input).isEmpty();
    }
}
