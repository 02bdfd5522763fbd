package dev.slipstream.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.slipstream.graph.OnnxModel;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph that decodes the same token again and again, behind 64 others, on one thread; nothing is
 * allocated between two runs.
 */
final class OneToken implements AutoCloseable {
    private static final int PAST = 64;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final List<OnnxTensor> weights = new ArrayList<>();
    private final Map<OnnxTensor, ByteBuffer> buffers = new HashMap<>();
    private final Map<String, OnnxTensor> inputs = new HashMap<>();
    private final Map<String, OnnxTensor> outputs = new HashMap<>();
    private final OrtSession session;

    /**
     * Opens a graph.
     *
     * @param graph with keys and values in place
     * @param gates values of the inputs of gates, by name
     */
    OneToken(OnnxModel graph, Map<String, Long> gates) throws OrtException {
        try (OrtSession.SessionOptions settings =
                SessionSettings.settings(new RuntimeOptions(1, Spinning.OFF, 1))) {
            session = SessionSettings.open(graph, settings, weights);
        }
        for (NodeInfo node : session.getInputInfo().values()) {
            add(node, gates);
        }
        TensorInfo logits = (TensorInfo) session.getOutputInfo().get("logits").getInfo();
        long[] shape = {1, 1, logits.getShape()[2]};
        outputs.put("logits", tensor(shape, OnnxJavaType.FLOAT));
    }

    private void add(NodeInfo node, Map<String, Long> gates) throws OrtException {
        String name = node.getName();
        TensorInfo info = (TensorInfo) node.getInfo();
        long[] shape = info.getShape();
        if (name.startsWith("past_key_values.")) {
            shape[0] = 1;
            shape[2] = DrawnSmolLm.CONTEXT;
            OnnxTensor state = tensor(shape, info.type);
            inputs.put(name, state);
            outputs.put(name.replace("past_key_values", "present"), state);
            return;
        }
        long value =
                switch (name) {
                    case "seqlens_k" -> PAST;
                    case "total_sequence_length" -> PAST + 1;
                    default -> gates.getOrDefault(name, 0L);
                };
        for (int i = 0; i < shape.length; i++) {
            shape[i] = Math.max(1, shape[i]);
        }
        OnnxTensor tensor = tensor(shape, info.type);
        inputs.put(name, tensor);
        ByteBuffer own = buffers.get(tensor);
        for (int i = 0; i * info.type.size < own.capacity(); i++) {
            if (info.type == OnnxJavaType.BOOL) {
                own.put(i, (byte) value);
            } else {
                Step.put(own, info.type, i, (int) value);
            }
        }
    }

    private OnnxTensor tensor(long[] shape, OnnxJavaType type) throws OrtException {
        long elements = 1;
        for (long dimension : shape) {
            elements *= dimension;
        }
        ByteBuffer buffer = Buffers.allocate(elements * type.size);
        OnnxTensor tensor = OnnxTensor.createTensor(OnnxRuntime.start(), buffer, shape, type);
        buffers.put(tensor, buffer);
        return tensor;
    }

    /** Decodes once and returns the processor time that it took, in nanoseconds. */
    long run() throws OrtException {
        long before = THREADS.getCurrentThreadCpuTime();
        session.run(inputs, outputs).close();
        return THREADS.getCurrentThreadCpuTime() - before;
    }

    @Override
    public void close() throws OrtException {
        session.close();
        buffers.keySet().forEach(OnnxTensor::close);
        weights.forEach(OnnxTensor::close);
    }
}
