package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.runtime.GraphProbe;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stores keys and values as 8-bit integers: a quarter of the memory of a long context. ONNX
 * Runtime's {@code GroupQueryAttention} takes them with one fixed scale for each feature of each
 * head; the scale is a 127th of the largest magnitude on the calibration text, and what is beyond
 * it later is cut off there.
 */
final class Int8Cache {
    private static final int FIRST_SCALE = 12;
    private static final int STEPS = 127;

    private final OnnxModel graph;
    private final List<NodeProto> attentions = new ArrayList<>();

    /**
     * Finds the attentions.
     *
     * @param graph of floats; not changed
     * @throws PassException if it keeps keys and values in another way
     */
    Int8Cache(OnnxModel graph) {
        this.graph = graph;
        Set<String> kept = new HashSet<>();
        for (NodeProto node : graph.nodes()) {
            if (node.getOpType().equals("GroupQueryAttention")) {
                attentions.add(node);
                kept.addAll(node.getInputList().subList(3, 5));
            }
        }
        for (ValueInfoProto input : graph.inputs()) {
            boolean floats =
                    input.getType().getTensorType().getElemType() == ElementType.FLOAT.code();
            if (input.getName().startsWith("past") && !(floats && kept.contains(input.getName()))) {
                throw new PassException(
                        "pass quantise: cache=int8: expected every past of floats to be read by a GroupQueryAttention outside of branches, found %s; use cache=fp32, or quantise before gates are put in"
                                .formatted(input.getName()));
            }
        }
        if (kept.isEmpty()) {
            throw new PassException(
                    "pass quantise: cache=int8: expected a decoder with GroupQueryAttention, found none in %s; use cache=fp32"
                            .formatted(graph.name()));
        }
    }

    /**
     * Measures the largest magnitudes.
     *
     * @return by the name of the present, the scales {@code [1, heads, 1, headSize]}
     */
    Map<String, Tensor> scales(Calibration calibration) {
        List<String> presents = new ArrayList<>();
        attentions.forEach(node -> presents.addAll(node.getOutputList().subList(1, 3)));
        Map<String, float[]> largest = new LinkedHashMap<>();
        try (GraphProbe probe = GraphProbe.open(graph, presents, calibration.runtime())) {
            Map<String, Tensor> scales = new LinkedHashMap<>();
            for (int[] sequence : calibration.sequences()) {
                probe.run(
                        sequence,
                        Map.of(),
                        shown -> {
                            shown.forEach((name, value) -> widen(name, value, largest, scales));
                            return scales;
                        });
            }
            return scales;
        }
    }

    private static void widen(
            String name,
            GraphProbe.Value value,
            Map<String, float[]> largest,
            Map<String, Tensor> scales) {
        int heads = Math.toIntExact(value.shape().get(1));
        int length = Math.toIntExact(value.shape().get(2));
        int size = Math.toIntExact(value.shape().get(3));
        float[] most = largest.computeIfAbsent(name, present -> new float[heads * size]);
        FloatBuffer floats = value.floats();
        for (int i = 0; i < heads * length * size; i++) {
            int feature = i / (length * size) * size + i % size;
            most[feature] = Math.max(most[feature], Math.abs(floats.get(i)));
        }
        ByteBuffer data =
                ByteBuffer.allocateDirect(most.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float magnitude : most) {
            // Features that are never used, such as those that pad a head, are zeros at any scale.
            data.putFloat((magnitude == 0 ? 1 : magnitude) / STEPS);
        }
        scales.put(
                name,
                new Tensor(
                        ElementType.FLOAT,
                        List.of(1L, (long) heads, 1L, (long) size),
                        data.flip()));
    }

    /**
     * Puts the integers in.
     *
     * @param model a graph with the same attentions; changed
     * @param scales as {@link #scales} returned them
     */
    void write(OnnxModel model, Map<String, Tensor> scales) {
        GraphBuilder builder = new GraphBuilder(model);
        scales.forEach((present, tensor) -> builder.initializer(present + ".scale", tensor));
        Set<String> integers = new HashSet<>(scales.keySet());
        attentions.forEach(node -> integers.addAll(node.getInputList().subList(3, 5)));
        model.inputs().replaceAll(value -> typed(value, integers));
        model.outputs().replaceAll(value -> typed(value, integers));
        model.nodes().replaceAll(Int8Cache::rewritten);
    }

    private static ValueInfoProto typed(ValueInfoProto value, Set<String> integers) {
        if (!integers.contains(value.getName())) {
            return value;
        }
        ValueInfoProto.Builder typed = value.toBuilder();
        typed.getTypeBuilder().getTensorTypeBuilder().setElemType(ElementType.INT8.code());
        return typed.build();
    }

    private static NodeProto rewritten(NodeProto node) {
        if (!node.getOpType().equals("GroupQueryAttention")) {
            return node;
        }
        NodeProto.Builder attention = node.toBuilder();
        while (attention.getInputCount() < FIRST_SCALE) {
            attention.addInput("");
        }
        return attention
                .addInput(node.getOutput(1) + ".scale")
                .addInput(node.getOutput(2) + ".scale")
                .addAttribute(text("k_quant_type"))
                .addAttribute(text("v_quant_type"))
                .addAttribute(Attributes.of("kv_cache_bit_width", 8))
                .build();
    }

    private static AttributeProto text(String name) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFromUtf8("PER_CHANNEL"))
                .build();
    }
}
