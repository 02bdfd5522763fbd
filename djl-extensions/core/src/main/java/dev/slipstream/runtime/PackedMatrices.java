package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The matrices of a graph that the native products multiply with, each packed once. */
final class PackedMatrices {
    private static final String TILES = ".tiles";

    private final OnnxModel graph;
    private final Map<Unpacked, Matrix> matrices = new HashMap<>();

    /** What a {@code MatMulNBits} says of its matrix. */
    private record Unpacked(String values, String scales, int bits, int outputs, int inputs) {
        int blocks() {
            return (inputs + PanelPacking.BLOCK - 1) / PanelPacking.BLOCK;
        }

        long valueBytes() {
            return (long) outputs * blocks() * PanelPacking.BLOCK * bits / Byte.SIZE;
        }

        long scaleBytes() {
            return (long) outputs * blocks() * Float.BYTES;
        }
    }

    /** A packed matrix, the name of its initializer first. */
    record Matrix(String tiles, int outputs, int inputs) {}

    /**
     * Constructs the matrices of a graph.
     *
     * @param graph gets the packed ones as initializers, beside those that they are made of
     */
    PackedMatrices(OnnxModel graph) {
        this.graph = graph;
    }

    /** Returns the matrix of a product that the operators can do; null else. */
    @Nullable Matrix ofProduct(NodeProto node) {
        if (!node.getOpType().equals("MatMulNBits")
                || node.getInputList().stream().skip(3).anyMatch(input -> !input.isEmpty())
                || Attributes.whole(node, "block_size", 0) != PanelPacking.BLOCK
                || Attributes.whole(node, "accuracy_level", 0) != 4) {
            return null;
        }
        Unpacked unpacked =
                new Unpacked(
                        node.getInput(1),
                        node.getInput(2),
                        (int) Attributes.whole(node, "bits", 4),
                        (int) Attributes.whole(node, "N", 0),
                        (int) Attributes.whole(node, "K", 0));
        Matrix known = matrices.get(unpacked);
        return known == null ? packed(unpacked) : known;
    }

    private @Nullable Matrix packed(Unpacked unpacked) {
        Tensor values = graph.initializers().get(unpacked.values());
        Tensor scales = graph.initializers().get(unpacked.scales());
        int bits = unpacked.bits();
        if (values == null
                || scales == null
                || (bits != 4 && bits != 8)
                || scales.type() != ElementType.FLOAT
                || scales.data().remaining() != unpacked.scaleBytes()
                || values.data().remaining() != unpacked.valueBytes()
                || PanelPacking.bytes(unpacked.outputs(), unpacked.blocks(), bits)
                        > Integer.MAX_VALUE / 2) {
            return null;
        }
        String name = unpacked.values() + TILES;
        if (graph.initializers().containsKey(name)) {
            name += "." + matrices.size();
        }
        Tensor tiles =
                PanelPacking.pack(values, scales, unpacked.outputs(), unpacked.blocks(), bits);
        graph.initializers().put(name, tiles);
        Matrix matrix = new Matrix(name, unpacked.outputs(), unpacked.inputs());
        matrices.put(unpacked, matrix);
        return matrix;
    }

    /**
     * Returns the matrix whose rows a {@code GatherBlockQuantized} looks up, if a product before
     * was with the same: alone, it would only be moved. Null else.
     */
    @Nullable Matrix ofLookUp(NodeProto node) {
        Tensor rows = node.getInputCount() == 3 ? graph.initializers().get(node.getInput(0)) : null;
        if (rows == null
                || Attributes.whole(node, "gather_axis", 0) != 0
                || Attributes.whole(node, "quantize_axis", 1) != 1
                || Attributes.whole(node, "block_size", 128) != PanelPacking.BLOCK) {
            return null;
        }
        for (Map.Entry<Unpacked, Matrix> entry : matrices.entrySet()) {
            Unpacked unpacked = entry.getKey();
            Tensor values = graph.initializers().get(unpacked.values());
            if (unpacked.scales().equals(node.getInput(2))
                    && unpacked.bits() == Attributes.whole(node, "bits", 4)
                    && values != null
                    && values.data().equals(rows.data())) {
                return entry.getValue();
            }
        }
        return null;
    }
}
