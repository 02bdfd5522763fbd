package dev.slipstream.operators;

import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.slipstream.graph.OnnxModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The inputs of a portable decoder for a text from its first token to its last. */
final class WholeText {
    private WholeText() {}

    /**
     * Adds tensors over a text and over room for its keys and values.
     *
     * @param inputs gets them; the caller closes them
     */
    static void feed(
            OrtEnvironment environment,
            OnnxModel graph,
            int[] tokens,
            Map<String, OnnxTensor> inputs)
            throws OrtException {
        int n = tokens.length;
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        long[] positions = new long[n];
        Arrays.setAll(positions, i -> i);
        inputs.put(
                "input_ids",
                OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), new long[] {1, n}));
        inputs.put(
                "logit_positions",
                OnnxTensor.createTensor(environment, LongBuffer.wrap(positions), new long[] {n}));
        inputs.put(
                "seqlens_k",
                OnnxTensor.createTensor(
                        environment, IntBuffer.wrap(new int[] {n - 1}), new long[] {1}));
        inputs.put(
                "total_sequence_length",
                OnnxTensor.createTensor(environment, IntBuffer.wrap(new int[] {n}), new long[0]));
        for (ValueInfoProto input : graph.inputs()) {
            if (input.getName().startsWith("past_key_values.")) {
                List<TensorShapeProto.Dimension> sizes =
                        input.getType().getTensorType().getShape().getDimList();
                long[] shape = {1, sizes.get(1).getDimValue(), n, sizes.get(3).getDimValue()};
                ByteBuffer zeros =
                        ByteBuffer.allocateDirect(
                                        Math.toIntExact(4 * shape[1] * shape[2] * shape[3]))
                                .order(ByteOrder.nativeOrder());
                inputs.put(
                        input.getName(),
                        OnnxTensor.createTensor(environment, zeros.asFloatBuffer(), shape));
            }
        }
    }
}
