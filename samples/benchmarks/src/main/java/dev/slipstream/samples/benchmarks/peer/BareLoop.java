package dev.slipstream.samples.benchmarks.peer;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** All that a user needs to write to decode with ONNX Runtime alone, keys and values in place. */
final class BareLoop implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs = new HashMap<>();
    private final Map<String, OnnxTensor> outputs = new HashMap<>();
    private final FloatBuffer logits;
    private int length;

    BareLoop(OrtSession session, int context) throws OrtException {
        this.session = session;
        for (var input : session.getInputInfo().entrySet()) {
            if (input.getKey().startsWith("past_key_values.")) {
                long[] shape = ((TensorInfo) input.getValue().getInfo()).getShape();
                FloatBuffer buffer = floats(shape[1] * context * shape[3]);
                shape = new long[] {1, shape[1], context, shape[3]};
                OnnxTensor tensor = OnnxTensor.createTensor(environment, buffer, shape);
                inputs.put(input.getKey(), tensor);
                outputs.put(input.getKey().replace("past_key_values", "present"), tensor);
            }
        }
        TensorInfo info = (TensorInfo) session.getOutputInfo().get("logits").getInfo();
        logits = floats(info.getShape()[2]);
        long[] shape = {1, 1, info.getShape()[2]};
        outputs.put("logits", OnnxTensor.createTensor(environment, logits, shape));
    }

    /** Runs tokens and returns the most probable next one. */
    int step(int... tokens) throws OrtException {
        length += tokens.length;
        LongBuffer ids = LongBuffer.allocate(tokens.length);
        for (int token : tokens) {
            ids.put(token);
        }
        long[] batch = {1};
        IntBuffer last = IntBuffer.wrap(new int[] {length - 1});
        IntBuffer total = IntBuffer.wrap(new int[] {length});
        LongBuffer row = LongBuffer.wrap(new long[] {tokens.length - 1});
        long[] shape = {1, tokens.length};
        try (OnnxTensor a = OnnxTensor.createTensor(environment, ids.flip(), shape);
                OnnxTensor b = OnnxTensor.createTensor(environment, last, batch);
                OnnxTensor c = OnnxTensor.createTensor(environment, total, new long[0]);
                OnnxTensor d = OnnxTensor.createTensor(environment, row, batch)) {
            inputs.put("input_ids", a);
            inputs.put("seqlens_k", b);
            inputs.put("total_sequence_length", c);
            inputs.put("logit_positions", d);
            session.run(inputs, Set.of(), outputs).close();
        }
        int best = 0;
        for (int i = 1; i < logits.capacity(); i++) {
            best = logits.get(i) > logits.get(best) ? i : best;
        }
        return best;
    }

    void clear() {
        length = 0;
    }

    private static FloatBuffer floats(long count) {
        int bytes = Math.toIntExact(count * Float.BYTES);
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    @Override
    public void close() {
        outputs.values().forEach(OnnxTensor::close);
    }
}
