package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A product of activations with a constant matrix of 32-bit floats: {@code MatMul}, {@code
 * FusedMatMul} or {@code Gemm}.
 *
 * @param node the product
 * @param weight name of the matrix
 * @param layout how the matrix lies
 * @param in columns of the mathematical matrix {@code [out, in]}: features of what comes in
 * @param out rows: features of what comes out
 */
record Linear(NodeProto node, String weight, Layout layout, int in, int out) {
    /** How a matrix lies in memory, row-major. */
    enum Layout {
        /** {@code [in, out]}, as ONNX's MatMul takes it. */
        IN_OUT,
        /** {@code [out, in]}, as checkpoints have it. */
        OUT_IN;

        /** Turns a matrix that lies so into {@code [out, in]}, or back; what lies so stays. */
        Tensor turned(Tensor matrix) {
            if (this == OUT_IN) {
                return matrix;
            }
            int rows = Math.toIntExact(matrix.shape().get(0));
            int columns = Math.toIntExact(matrix.shape().get(1));
            FloatBuffer stored = matrix.data().asFloatBuffer();
            ByteBuffer turned =
                    ByteBuffer.allocateDirect(rows * columns * Float.BYTES)
                            .order(ByteOrder.LITTLE_ENDIAN);
            for (int column = 0; column < columns; column++) {
                for (int row = 0; row < rows; row++) {
                    turned.putFloat(stored.get(row * columns + column));
                }
            }
            return new Tensor(
                    ElementType.FLOAT, List.of((long) columns, (long) rows), turned.flip());
        }
    }

    /**
     * Reads a node.
     *
     * @return null if it is no such product
     */
    static @Nullable Linear of(NodeProto node, Map<String, Tensor> initializers) {
        if (node.getInputCount() < 2) {
            return null;
        }
        Tensor matrix = initializers.get(node.getInput(1));
        if (matrix == null || matrix.type() != ElementType.FLOAT || matrix.shape().size() != 2) {
            return null;
        }
        boolean plain =
                switch (node.getOpType()) {
                    case "MatMul" -> node.getInputCount() == 2;
                    case "FusedMatMul" -> only(node, "transB", "alpha");
                    case "Gemm" -> only(node, "transB", "alpha", "beta");
                    default -> false;
                };
        if (!plain) {
            return null;
        }
        long rows = matrix.shape().get(0);
        long columns = matrix.shape().get(1);
        boolean transposed = Attributes.whole(node, "transB", 0) == 1;
        return new Linear(
                node,
                node.getInput(1),
                transposed ? Layout.OUT_IN : Layout.IN_OUT,
                Math.toIntExact(transposed ? columns : rows),
                Math.toIntExact(transposed ? rows : columns));
    }

    /** Returns the matrix as {@code [out, in]}, row-major. */
    float[] matrix(Map<String, Tensor> initializers) {
        Tensor tensor = initializers.get(weight);
        if (tensor == null) {
            throw new IllegalArgumentException("no initializer " + weight);
        }
        float[] matrix = new float[in * out];
        layout.turned(tensor).data().asFloatBuffer().get(matrix);
        return matrix;
    }

    /** Tells whether all attributes but these have the values that change nothing. */
    private static boolean only(NodeProto node, String... free) {
        for (AttributeProto attribute : node.getAttributeList()) {
            boolean factor =
                    attribute.getName().equals("alpha") || attribute.getName().equals("beta");
            boolean known = List.of(free).contains(attribute.getName());
            boolean neutral =
                    factor
                            ? attribute.getF() == 1
                            : attribute.getName().equals("transB") || attribute.getI() == 0;
            if (!neutral || factor && !known) {
                return false;
            }
        }
        return true;
    }
}
