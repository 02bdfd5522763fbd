package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A product with a matrix of 32-bit floats, which may stand behind a node that transposes it.
 *
 * @param linear the product
 * @param turning the node that transposes the stored matrix; null if it is used as it is stored
 * @param bias what is added to each feature that comes out, a vector; null if there is none
 */
record FloatProduct(Linear linear, @Nullable NodeProto turning, @Nullable String bias)
        implements Product {

    static @Nullable FloatProduct of(
            Linear linear, Map<String, NodeProto> turnings, Map<String, Tensor> initializers) {
        NodeProto node = linear.node();
        String bias = node.getInputCount() > 2 ? node.getInput(2) : "";
        Tensor vector = initializers.get(bias);
        if (!bias.isEmpty()
                && (vector == null
                        || vector.shape().size() != 1
                        || vector.elements() != linear.out())) {
            return null;
        }
        return new FloatProduct(
                linear, turnings.get(linear.weight()), bias.isEmpty() ? null : bias);
    }

    @Override
    public NodeProto node() {
        return linear.node();
    }

    @Override
    public int in() {
        return linear.in();
    }

    @Override
    public int out() {
        return linear.out();
    }

    @Override
    public long parametersOfRow() {
        return linear.in() + (bias == null ? 0L : 1L);
    }

    @Override
    public @Nullable String uncuttable(int columns) {
        return null;
    }

    @Override
    public NodeProto rows(int from, int to, Cuts cuts) {
        int axis = linear.layout() == Linear.Layout.OUT_IN ? 0 : 1;
        NodeProto.Builder cut = node().toBuilder().setInput(1, part(axis, from, to, cuts));
        if (bias != null) {
            cut.setInput(2, cuts.part(bias, 0, from, to));
        }
        return cut.build();
    }

    @Override
    public NodeProto columns(int to, Cuts cuts) {
        int axis = linear.layout() == Linear.Layout.OUT_IN ? 1 : 0;
        return node().toBuilder().setInput(1, part(axis, 0, to, cuts)).build();
    }

    private String part(int axis, int from, int to, Cuts cuts) {
        return turning == null
                ? cuts.part(linear.weight(), axis, from, to)
                : cuts.turnedPart(turning, 1 - axis, from, to);
    }
}
