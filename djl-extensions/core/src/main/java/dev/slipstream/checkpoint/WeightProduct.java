package dev.slipstream.checkpoint;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node that multiplies with a constant matrix, of the three kinds that decoders written here
 * have: blocks of integers, floats as they lie in a checkpoint, floats turned.
 *
 * @param x name of what is multiplied, {@code [.., in]}
 * @param weight name of the matrix
 * @param rows the matrix, {@code [out, in]}
 * @param out its rows
 * @param in its columns
 */
record WeightProduct(String x, String weight, ColumnQuantizer.Rows rows, int out, int in) {
    /**
     * Reads a node.
     *
     * @param floats by the name of an initializer: the matrices, lying under each other, that it
     *     was rounded from
     * @return null if the node is no such product
     */
    static @Nullable WeightProduct of(
            NodeProto node, Map<String, Tensor> initializers, Map<String, List<Tensor>> floats) {
        if (node.getInputCount() < 2) {
            return null;
        }
        Tensor stored = initializers.get(node.getInput(1));
        if (stored == null) {
            return null;
        }
        return switch (node.getOpType()) {
            case "MatMulNBits" -> ofBlocks(node, stored, initializers, floats);
            case "FusedMatMul" ->
                    Attributes.whole(node, "transB", 0) == 1 && node.getAttributeCount() == 1
                            ? ofFloats(node, stored)
                            : null;
            case "MatMul" -> ofTurnedFloats(node, stored);
            default -> null;
        };
    }

    private static @Nullable WeightProduct ofBlocks(
            NodeProto node,
            Tensor values,
            Map<String, Tensor> initializers,
            Map<String, List<Tensor>> floats) {
        Tensor scales = initializers.get(node.getInput(2));
        boolean plain =
                scales != null
                        && scales.type() == ElementType.FLOAT
                        && scales.shape().size() == 2
                        && Attributes.whole(node, "block_size", 0) == BlockQuantizer.BLOCK
                        && node.getInputList().stream().skip(3).allMatch(String::isEmpty);
        if (!plain) {
            return null;
        }
        int in = Math.toIntExact(Attributes.whole(node, "K", 0));
        int out = Math.toIntExact(Attributes.whole(node, "N", 0));
        List<Tensor> parts = floats.get(node.getInput(1));
        if (parts != null) {
            return product(node, new Stack(parts, in), out, in);
        }
        QuantizedMatrix matrix =
                new QuantizedMatrix(
                        values, scales, in, Math.toIntExact(Attributes.whole(node, "bits", 0)));
        return product(
                node,
                (index, into) -> System.arraycopy(matrix.row(index), 0, into, 0, in),
                out,
                in);
    }

    private static @Nullable WeightProduct ofFloats(NodeProto node, Tensor matrix) {
        if (matrix.type() != ElementType.FLOAT || matrix.shape().size() != 2) {
            return null;
        }
        int in = Math.toIntExact(matrix.shape().get(1));
        int out = Math.toIntExact(matrix.shape().get(0));
        return product(node, new Stack(List.of(matrix), in), out, in);
    }

    private static @Nullable WeightProduct ofTurnedFloats(NodeProto node, Tensor matrix) {
        if (matrix.type() != ElementType.FLOAT || matrix.shape().size() != 2) {
            return null;
        }
        int in = Math.toIntExact(matrix.shape().get(0));
        int out = Math.toIntExact(matrix.shape().get(1));
        return product(
                node,
                (index, into) -> {
                    for (int i = 0; i < in; i++) {
                        into[i] = matrix.data().getFloat((i * out + index) * Float.BYTES);
                    }
                },
                out,
                in);
    }

    private static WeightProduct product(
            NodeProto node, ColumnQuantizer.Rows rows, int out, int in) {
        return new WeightProduct(node.getInput(0), node.getInput(1), rows, out, in);
    }

    /** Matrices of equal width under each other. */
    private record Stack(List<Tensor> parts, int columns) implements ColumnQuantizer.Rows {
        @Override
        public void read(int index, float[] into) {
            int left = index;
            for (Tensor part : parts) {
                long rows = part.shape().get(0);
                if (left < rows) {
                    Floats.read(part, left * columns, into);
                    return;
                }
                left -= (int) rows;
            }
            throw new IndexOutOfBoundsException("no row " + index);
        }
    }
}
