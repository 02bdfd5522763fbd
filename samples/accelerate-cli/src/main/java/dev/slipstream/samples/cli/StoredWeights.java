package dev.slipstream.samples.cli;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
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
     * operator's bits ({@code int4}, {@code int8}), all others by their element type.
     */
    static SortedMap<String, Long> bytes(OnnxModel model) {
        Map<String, String> packed = new HashMap<>();
        for (NodeProto node : model.nodes()) {
            if (!node.getDomain().equals(MICROSOFT)) {
                continue;
            }
            switch (node.getOpType()) {
                case "MatMulNBits" -> packed.put(node.getInput(1), "int" + bits(node));
                case "GatherBlockQuantized" -> packed.put(node.getInput(0), "int" + bits(node));
                default -> {}
            }
        }
        SortedMap<String, Long> bytes = new TreeMap<>();
        for (Map.Entry<String, Tensor> entry : model.initializers().entrySet()) {
            ElementType type = entry.getValue().type();
            String own = type == ElementType.FLOAT ? "fp32" : type.name().toLowerCase(Locale.ROOT);
            String precision = packed.getOrDefault(entry.getKey(), own);
            bytes.merge(precision, (long) entry.getValue().data().remaining(), Long::sum);
        }
        return bytes;
    }

    /** Both operators are of 4 bits unless they say otherwise. */
    private static long bits(NodeProto node) {
        return node.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals("bits"))
                .mapToLong(AttributeProto::getI)
                .findFirst()
                .orElse(4);
    }
}
