package dev.slipstream.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The inputs of one run of an encoder, padded at the end of each sequence. */
final class EncoderBatch implements AutoCloseable {
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    private final List<ByteBuffer> buffers = new ArrayList<>();

    EncoderBatch(
            OrtEnvironment environment, EncoderInterface encoder, List<int[]> sequences, int length)
            throws OrtException {
        try {
            for (Map.Entry<String, OnnxJavaType> input : encoder.inputs().entrySet()) {
                OnnxJavaType type = input.getValue();
                ByteBuffer buffer = Buffers.allocate((long) sequences.size() * length * type.size);
                buffers.add(buffer);
                for (int i = 0; i < sequences.size(); i++) {
                    int[] tokens = sequences.get(i);
                    for (int j = 0; j < tokens.length; j++) {
                        int value = value(input.getKey(), tokens, j);
                        Step.put(buffer, type, i * length + j, value);
                    }
                }
                inputs.put(
                        input.getKey(),
                        OnnxTensor.createTensor(
                                environment, buffer, new long[] {sequences.size(), length}, type));
            }
        } catch (OrtException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Padding is 0 in all of them: token 0 exists, and what it says is masked. */
    private static int value(String input, int[] tokens, int position) {
        return switch (input) {
            case EncoderInterface.IDS -> tokens[position];
            case EncoderInterface.MASK -> 1;
            case EncoderInterface.POSITIONS -> position;
            // All of the first segment.
            default -> 0;
        };
    }

    Map<String, OnnxTensor> inputs() {
        return inputs;
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        buffers.forEach(Buffers::free);
    }
}
