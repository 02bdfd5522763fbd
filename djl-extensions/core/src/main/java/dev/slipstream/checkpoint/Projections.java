package dev.slipstream.checkpoint;

import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Writes products with weight matrices in one precision. Matrices of 32-bit floats are used as they
 * lie in the file, {@code [out, in]}; quantised ones that read the same input are joined into one
 * product.
 */
final class Projections {
    private static final String MICROSOFT = "com.microsoft";

    private final GraphBuilder whole;
    private final GraphBuilder graph;
    private final Weights weights;
    private final Precision precision;

    /** By module, or by the name that joined ones have. */
    private final Map<String, QuantizedMatrix> quantized;

    /** By the name of a quantised matrix's values: the matrices under each other, as they were. */
    private final Map<String, List<Tensor>> originals;

    Projections(GraphBuilder graph, Weights weights, Precision precision) {
        this(graph, graph, weights, precision, new HashMap<>(), new HashMap<>());
    }

    private Projections(
            GraphBuilder whole,
            GraphBuilder graph,
            Weights weights,
            Precision precision,
            Map<String, QuantizedMatrix> quantized,
            Map<String, List<Tensor>> originals) {
        this.whole = whole;
        this.graph = graph;
        this.weights = weights;
        this.precision = precision;
        this.quantized = quantized;
        this.originals = originals;
    }

    /** Returns projections in a branch; their weights stay outside, where they can be shared. */
    Projections into(GraphBuilder branch) {
        return new Projections(whole, branch, weights, precision, quantized, originals);
    }

    /** Returns, by the name of a quantised matrix's values, what it was rounded from. */
    Map<String, List<Tensor>> originals() {
        return originals;
    }

    /** Returns the name of a constant, which is made on first use. */
    String constant(String name, Supplier<Tensor> value) {
        return whole.model().initializers().containsKey(name)
                ? name
                : whole.initializer(name, value.get());
    }

    /** Returns the name of a tensor of weights, as floats. */
    String floats(String name) {
        return constant(name, () -> Floats.toFloat32(weights.tensor(name)));
    }

    /**
     * Multiplies by one matrix and adds its bias where there is one.
     *
     * @param x {@code [batch, n, in]}
     * @param module name of the weights without {@code .weight}
     * @param output name of the result, {@code [batch, n, out]}
     */
    String project(String x, String module, String output) {
        return multiply(x, List.of(module), module, output);
    }

    /**
     * Multiplies by several matrices.
     *
     * @return one value that holds the results side by side, or one value for each
     */
    List<String> projectTogether(String x, List<String> modules, String joined, String output) {
        if (precision != Precision.FP32) {
            return List.of(multiply(x, modules, joined, output));
        }
        List<String> results = new ArrayList<>();
        for (int i = 0; i < modules.size(); i++) {
            results.add(project(x, modules.get(i), output + "." + i));
        }
        return results;
    }

    /** Looks up the embeddings of token ids. */
    String embed(String ids, DecoderConfig config) {
        String name = "model.embed_tokens.weight";
        if (precision == Precision.FP32 || config.hiddenSize() % BlockQuantizer.BLOCK != 0) {
            String table = floats(name);
            return graph.node("Gather", "", List.of(table, ids))
                    .attribute("axis", 0)
                    .output("embedding");
        }
        QuantizedMatrix table =
                new BlockQuantizer(precision).quantize(List.of(weights.tensor(name)));
        String embedded =
                table.lookUp(
                        graph,
                        ids,
                        whole.initializer(name + ".rows", table.rowsOfBytes()),
                        whole.initializer(name + ".scales", table.scales()),
                        "embedding");
        if (config.tiedEmbeddings()) {
            // The same bytes under a second name and shape: nothing is stored twice.
            whole.initializer(name + ".values", table.values());
            quantized.put("model.embed_tokens", table);
        }
        return embedded;
    }

    /** Multiplies by the transposed embedding, or by the head's own matrix. */
    String head(String x, DecoderConfig config) {
        String module = config.tiedEmbeddings() ? "model.embed_tokens" : "lm_head";
        return multiply(x, List.of(module), module, "logits");
    }

    private String multiply(String x, List<String> modules, String name, String output) {
        List<Tensor> matrices = new ArrayList<>();
        List<Tensor> biases = new ArrayList<>();
        for (String module : modules) {
            matrices.add(weights.tensor(module + ".weight"));
            if (weights.contains(module + ".bias")) {
                biases.add(Floats.toFloat32(weights.tensor(module + ".bias")));
            }
        }
        String product = biases.isEmpty() ? output : output + ".product";
        String result =
                precision == Precision.FP32
                        ? multiplyFloats(x, name, product)
                        : multiplyBlocks(x, matrices, name, product);
        if (biases.isEmpty()) {
            return result;
        }
        String bias = whole.initializer(name + ".bias", join(biases));
        return graph.node("Add", "", List.of(result, bias)).output(output);
    }

    private String multiplyFloats(String x, String name, String output) {
        return graph.node("FusedMatMul", MICROSOFT, List.of(x, floats(name + ".weight")))
                .attribute("transB", 1)
                .output(output);
    }

    private String multiplyBlocks(String x, List<Tensor> matrices, String name, String output) {
        String values = name + ".weight.values";
        String scales = name + ".weight.scales";
        QuantizedMatrix matrix = quantized.get(name);
        if (matrix == null) {
            matrix = new BlockQuantizer(precision).quantize(matrices);
            quantized.put(name, matrix);
            originals.put(values, matrices);
            whole.initializer(values, matrix.values());
            whole.initializer(scales, matrix.scales());
        }
        return matrix.multiply(graph, x, values, scales, output);
    }

    private static Tensor join(List<Tensor> vectors) {
        if (vectors.size() == 1) {
            return vectors.get(0);
        }
        long elements = vectors.stream().mapToLong(Tensor::elements).sum();
        ByteBuffer all = DirectBytes.allocate(elements * Float.BYTES);
        vectors.forEach(vector -> all.put(vector.data().duplicate()));
        return new Tensor(vectors.get(0).type(), List.of(elements), all.flip());
    }
}
