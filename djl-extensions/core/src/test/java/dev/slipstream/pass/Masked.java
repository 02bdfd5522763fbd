package dev.slipstream.pass;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/** Models of which some weights are zeros: what cutting and switching are compared with. */
final class Masked {
    private Masked() {}

    /**
     * Returns a model of which elements of matrices are zeros; of quantised ones, whole blocks.
     *
     * @param tensors which tensors, by name
     * @param zero says of a name and a column of the last axis whether it is zeros
     */
    static OnnxModel columns(
            OnnxModel graph, Predicate<String> tensors, BiPredicate<String, Integer> zero) {
        OnnxModel masked = graph.copy();
        masked.initializers()
                .replaceAll(
                        (name, tensor) ->
                                tensors.test(name) && tensor.type() == ElementType.FLOAT
                                        ? masked(name, tensor, zero)
                                        : tensor);
        return masked;
    }

    private static Tensor masked(String name, Tensor tensor, BiPredicate<String, Integer> zero) {
        int columns = Math.toIntExact(tensor.shape().get(tensor.shape().size() - 1));
        ByteBuffer data =
                ByteBuffer.allocateDirect(tensor.data().remaining()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < tensor.elements(); i++) {
            float value = zero.test(name, i % columns) ? 0 : tensor.data().getFloat(i * 4);
            data.putFloat(i * 4, value);
        }
        return new Tensor(tensor.type(), tensor.shape(), data);
    }
}
