package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Parts of a model's constant tensors under names of their own. What lies in one piece, such as the
 * first rows of a matrix, is a view of the whole tensor; columns are copied.
 */
final class Cuts {
    private final OnnxModel model;
    private long copied;

    Cuts(OnnxModel model) {
        this.model = model;
    }

    /** Returns the bytes that were copied, because they do not lie together. */
    long copied() {
        return copied;
    }

    /**
     * Returns the name of a part of a constant; its own if the part is all of it.
     *
     * @param name of an initializer
     * @param axis along which to cut, from 0
     * @param from the first index
     * @param to the first index that is left out
     */
    String part(String name, int axis, int from, int to) {
        Tensor whole = tensor(name);
        if (from == 0 && to == whole.shape().get(axis)) {
            return name;
        }
        String part = "%s.axis%d.%d-%d".formatted(name, axis, from, to);
        model.initializers().computeIfAbsent(part, n -> cut(whole, axis, from, to));
        return part;
    }

    /**
     * Returns the name of the same rows of several constants, copied one behind the other.
     *
     * @param names of initializers that differ in nothing but their values
     * @param from the first row
     * @param to the first row that is left out
     */
    String stacked(List<String> names, int from, int to) {
        String stacked = "%s.rows.%d-%d".formatted(String.join("+", names), from, to);
        model.initializers().computeIfAbsent(stacked, n -> stack(names, from, to));
        return stacked;
    }

    private Tensor stack(List<String> names, int from, int to) {
        List<Tensor> parts = names.stream().map(name -> cut(tensor(name), 0, from, to)).toList();
        int bytes = parts.stream().mapToInt(part -> part.data().remaining()).sum();
        ByteBuffer data = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        parts.forEach(part -> data.put(part.data()));
        List<Long> shape = new ArrayList<>(parts.get(0).shape());
        shape.set(0, (long) names.size() * (to - from));
        return new Tensor(parts.get(0).type(), shape, data.flip());
    }

    /**
     * Returns the name of the transposed part of a constant matrix.
     *
     * @param turning the node that transposes the whole matrix
     * @param axis along which to cut, before it is transposed
     */
    String turnedPart(NodeProto turning, int axis, int from, int to) {
        String part = part(turning.getInput(0), axis, from, to);
        if (part.equals(turning.getInput(0))) {
            return turning.getOutput(0);
        }
        String turned = part + ".turned";
        if (model.producer(turned).isEmpty()) {
            model.nodes()
                    .add(
                            turning.toBuilder()
                                    .setName(turned)
                                    .setInput(0, part)
                                    .setOutput(0, turned)
                                    .build());
        }
        return turned;
    }

    Tensor tensor(String name) {
        Tensor tensor = model.initializers().get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no initializer " + name);
        }
        return tensor;
    }

    private Tensor cut(Tensor whole, int axis, int from, int to) {
        int outer = 1;
        long inner = 1;
        for (int i = 0; i < whole.shape().size(); i++) {
            if (i < axis) {
                outer = Math.toIntExact(outer * whole.shape().get(i));
            } else if (i > axis) {
                inner *= whole.shape().get(i);
            }
        }
        int step = Math.toIntExact(whole.type().bytes(inner));
        int stride = Math.toIntExact(step * whole.shape().get(axis));
        int bytes = (to - from) * step;
        List<Long> shape = new ArrayList<>(whole.shape());
        shape.set(axis, (long) to - from);
        if (outer == 1) {
            return new Tensor(whole.type(), shape, whole.data().slice(from * step, bytes));
        }
        ByteBuffer part =
                ByteBuffer.allocateDirect(Math.multiplyExact(outer, bytes))
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < outer; i++) {
            part.put(i * bytes, whole.data(), i * stride + from * step, bytes);
        }
        copied += part.capacity();
        return new Tensor(whole.type(), shape, part);
    }
}
