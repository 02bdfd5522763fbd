package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Writes the two products that stand for one, with the same operator as that one. */
final class LowRankProducts {
    private static final String SUFFIX = ".low_rank.";

    private final GraphBuilder graph;
    private final int rank;

    LowRankProducts(GraphBuilder graph, int rank) {
        this.graph = graph;
        this.rank = rank;
    }

    /**
     * Returns the product with the inner factor.
     *
     * @param model of which operator and layout are taken
     * @param factor {@code [rank, in]}
     */
    NodeProto inner(Linear model, float[] factor) {
        NodeProto node = model.node();
        String weight = initializer(model, "inner", factor, rank, model.in());
        NodeProto.Builder product =
                node.toBuilder()
                        .setName(node.getName() + SUFFIX + "inner")
                        .clearInput()
                        .addInput(node.getInput(0))
                        .addInput(weight)
                        .clearOutput()
                        .addOutput(node.getOutput(0) + SUFFIX + "inner");
        return product.build();
    }

    /**
     * Returns the product with the outer factor; its result has the name of the whole's.
     *
     * @param inner what {@link #inner} gives
     * @param factor {@code [out, rank]}
     */
    NodeProto outer(Linear model, String inner, float[] factor) {
        NodeProto node = model.node();
        String weight = initializer(model, "outer", factor, model.out(), rank);
        return node.toBuilder().setInput(0, inner).setInput(1, weight).build();
    }

    private String initializer(Linear model, String part, float[] matrix, int rows, int columns) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(matrix.length * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(matrix);
        Tensor factor = new Tensor(ElementType.FLOAT, List.of((long) rows, (long) columns), data);
        return graph.initializer(
                model.node().getOutput(0) + SUFFIX + part + ".weight",
                model.layout().turned(factor));
    }
}
