package dev.slipstream.samples.cli;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** In which precisions a graph stores its weights. */
final class StoredWeights {
    private static final String MICROSOFT = "com.microsoft";

    private StoredWeights() {}

    /**
     * Returns the bytes of each precision. Weights that are packed into bytes count by their
     * operator's bits ({@code int4}, {@code int8}), all others by their element type; equal large
     * ones count once, as they are stored.
     */
    static SortedMap<String, Long> bytes(OnnxModel model) {
        Map<String, String> packed = new HashMap<>();
        model.nodes().forEach(node -> addPacked(node, packed));
        SortedMap<String, Long> bytes = new TreeMap<>();
        for (String name : Anatomy.of(model).stored()) {
            Tensor tensor = model.initializers().get(name);
            ElementType type = tensor.type();
            String own = type == ElementType.FLOAT ? "fp32" : type.name().toLowerCase(Locale.ROOT);
            String precision = packed.getOrDefault(name, own);
            bytes.merge(precision, (long) tensor.data().remaining(), Long::sum);
        }
        return bytes;
    }

    /** Branches, as gates have them, use the weights of the graph around them. */
    private static void addPacked(NodeProto node, Map<String, String> packed) {
        for (AttributeProto attribute : node.getAttributeList()) {
            attribute.getG().getNodeList().forEach(inner -> addPacked(inner, packed));
        }
        if (!node.getDomain().equals(MICROSOFT)) {
            return;
        }
        switch (node.getOpType()) {
            case "MatMulNBits" -> packed.put(node.getInput(1), "int" + bits(node));
            case "GatherBlockQuantized" -> packed.put(node.getInput(0), "int" + bits(node));
            default -> {}
        }
    }

    /** Both operators are of 4 bits unless they say otherwise. */
    private static long bits(NodeProto node) {
        return Attributes.whole(node, "bits", 4);
    }
}
