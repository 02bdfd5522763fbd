package dev.slipstream.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/**
 * The inputs of a run while they are made: tensors over the beginnings of buffers, which may be
 * larger.
 *
 * @param environment makes the tensors
 * @param inputs of the run, by name
 * @param made gets every tensor, for its owner to close
 */
record RunInputs(
        OrtEnvironment environment, Map<String, OnnxTensor> inputs, List<OnnxTensor> made) {
    /** Adds an input. */
    void put(String name, ByteBuffer buffer, OnnxJavaType type, long... shape) throws OrtException {
        inputs.put(name, tensor(buffer, type, shape));
    }

    /** Returns a tensor that is closed with the inputs. */
    OnnxTensor tensor(ByteBuffer buffer, OnnxJavaType type, long... shape) throws OrtException {
        long elements = 1;
        for (long dimension : shape) {
            elements *= dimension;
        }
        ByteBuffer view =
                buffer.slice(0, Math.toIntExact(elements * type.size)).order(buffer.order());
        OnnxTensor tensor = OnnxTensor.createTensor(environment, view, shape, type);
        made.add(tensor);
        return tensor;
    }
}
