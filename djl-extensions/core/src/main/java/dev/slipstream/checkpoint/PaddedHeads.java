package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Weights whose heads are filled up with zeros, each half behind its own elements so that rotary
 * still turns the same pairs: ONNX Runtime's attention takes no head whose size is not a multiple
 * of 16. Zeros stay zeros when they are turned, add nothing to a score, and meet zeros in the
 * output projection.
 *
 * @param weights the model's own
 * @param headSize its size of a head
 * @param padded the next multiple of 16
 */
record PaddedHeads(Weights weights, int headSize, int padded) implements ForwardingWeights {
    static int padded(int headSize) {
        return (headSize + 15) / 16 * 16;
    }

    @Override
    public List<Long> shape(String name) {
        return tensor(name).shape();
    }

    @Override
    public ElementType type(String name) {
        return tensor(name).type();
    }

    @Override
    public Tensor tensor(String name) {
        Tensor tensor = weights.tensor(name);
        if (name.matches(".*\\.self_attn\\.[qkv]_proj\\.(weight|bias)")) {
            long inputs = tensor.shape().size() == 1 ? 1 : tensor.shape().get(1);
            return spread(tensor, Math.toIntExact(inputs), 0);
        }
        return name.endsWith(".self_attn.o_proj.weight") ? spread(tensor, 1, 1) : tensor;
    }

    /** Puts zeros behind each {@code headSize / 2 * inner} values. */
    private Tensor spread(Tensor tensor, int inner, int axis) {
        Tensor floats = Floats.toFloat32(tensor);
        int block = headSize / 2 * inner * Float.BYTES;
        int wide = padded / 2 * inner * Float.BYTES;
        int blocks = Math.toIntExact(floats.elements() * Float.BYTES / block);
        ByteBuffer result = DirectBytes.allocate((long) blocks * wide);
        for (int i = 0; i < blocks; i++) {
            result.put(i * wide, floats.data(), i * block, block);
        }
        Long[] shape = tensor.shape().toArray(Long[]::new);
        shape[axis] = shape[axis] / headSize * padded;
        return new Tensor(ElementType.FLOAT, List.of(shape), result);
    }
}
