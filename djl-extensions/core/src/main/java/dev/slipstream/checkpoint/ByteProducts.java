package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes products of bytes: weights rounded by {@link ColumnQuantizer}, activations to 255 steps of
 * the largest magnitude in their row. Sums of integers are exact, so a row's bits depend on nothing
 * but the row, whatever shares its run.
 *
 * <p>ONNX Runtime's {@code DynamicQuantizeMatMul} is one node and some 20 % faster a product, but
 * has one scale for all rows: a token's bits would depend on the other tokens of its run, and the
 * first token of a text, whose activations are far larger than those of others, would cost them
 * their precision.
 */
final class ByteProducts {
    private static final String SCALE = "long_run.scale";
    private static final String ZERO = "long_run.zero";
    private static final String LEAST = "long_run.least";
    private static final String LAST_AXIS = "long_run.last_axis";

    private final GraphBuilder whole;
    private final GraphBuilder branch;

    /** What is multiplied by several matrices is rounded once. */
    private final Map<String, Rounded> rounded = new HashMap<>();

    /**
     * Constructs a writer.
     *
     * @param whole gets the weights, which must not lie in a branch to be shared and packed
     * @param branch gets the nodes
     */
    ByteProducts(GraphBuilder whole, GraphBuilder branch) {
        this.whole = whole;
        this.branch = branch;
        whole.initializer(SCALE, single(ElementType.FLOAT, List.of(), 1f / 127));
        whole.initializer(LEAST, single(ElementType.FLOAT, List.of(), Float.MIN_NORMAL * 127));
        ByteBuffer zero = DirectBytes.allocate(1).put(0, (byte) 128);
        whole.initializer(ZERO, new Tensor(ElementType.UINT8, List.of(), zero));
        ByteBuffer axis = DirectBytes.allocate(Long.BYTES).putLong(0, -1);
        whole.initializer(LAST_AXIS, new Tensor(ElementType.INT64, List.of(1L), axis));
    }

    /** The bytes of an activation, and the largest magnitudes of its rows, {@code [.., 1]}. */
    private record Rounded(String bytes, String magnitudes) {}

    /**
     * Writes a product.
     *
     * @param x name of the activation in the branch
     * @param product whose matrix is rounded; its bytes become a tensor of the whole graph
     * @param output what to call the result
     */
    void multiply(String x, WeightProduct product, String output) {
        Rounded bytes = rounded.computeIfAbsent(x, this::round);
        String values = product.weight() + ".bytes";
        String scales = product.weight() + ".byte_scales";
        if (!whole.model().initializers().containsKey(values)) {
            ColumnQuantizer.ColumnMatrix matrix =
                    ColumnQuantizer.quantize(product.rows(), product.out(), product.in());
            whole.initializer(values, matrix.values());
            whole.initializer(scales, matrix.scales());
        }
        String result =
                branch.node(
                                "MatMulIntegerToFloat",
                                SubLayers.MICROSOFT,
                                List.of(bytes.bytes(), values, SCALE, scales, ZERO))
                        .output(output + ".unscaled");
        branch.node("Mul", result, bytes.magnitudes()).output(output);
    }

    private Rounded round(String x) {
        String magnitudes = branch.node("Abs", x).output(x + ".magnitudes");
        String largest =
                branch.node("ReduceMax", magnitudes, LAST_AXIS)
                        .attribute("keepdims", 1)
                        .output(x + ".largest");
        // A row of zeros stays one.
        String divisor = branch.node("Max", largest, LEAST).output(x + ".divisor");
        String ones = branch.node("Div", x, divisor).output(x + ".ones");
        String bytes = branch.node("QuantizeLinear", ones, SCALE, ZERO).output(x + ".bytes");
        return new Rounded(bytes, divisor);
    }

    private static Tensor single(ElementType type, List<Long> shape, float value) {
        return new Tensor(type, shape, DirectBytes.allocate(Float.BYTES).putFloat(0, value));
    }
}
