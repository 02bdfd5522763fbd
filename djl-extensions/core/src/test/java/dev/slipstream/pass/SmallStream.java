package dev.slipstream.pass;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * A residual stream made by hand, and the same in plain loops: an embedding, branches {@code tanh(x
 * W) + c}, a head.
 */
final class SmallStream {
    static final int HIDDEN = 4;
    static final int VOCABULARY = 6;

    final OnnxModel model = new OnnxModel("small");
    final GraphBuilder b = new GraphBuilder(model);
    final Map<String, float[]> values = new HashMap<>();
    private final Random random;

    SmallStream(long seed) {
        random = new Random(seed);
        b.input("input_ids", ElementType.INT64, "batch", "length");
    }

    String embedded() {
        return embedded(drawn(VOCABULARY * HIDDEN));
    }

    String embedded(float... table) {
        return b.node("Gather", constant("table", table, VOCABULARY, HIDDEN), "input_ids")
                .output("embedded");
    }

    String constant(String name, float[] floats, long... shape) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Float.BYTES * floats.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(floats);
        values.put(name, floats);
        return b.initializer(
                name, new Tensor(ElementType.FLOAT, LongStream.of(shape).boxed().toList(), data));
    }

    String vector(String name) {
        return constant(name, drawn(HIDDEN), HIDDEN);
    }

    private float[] drawn(int count) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = (float) random.nextGaussian();
        }
        return floats;
    }

    /** Writes {@code tanh(x W)}. */
    String branch(String x, String name) {
        String w = constant(name, drawn(HIDDEN * HIDDEN), HIDDEN, HIDDEN);
        return b.node("Tanh", b.node("MatMul", x, w).output("product")).output(name + ".out");
    }

    /** Writes {@code x + x W}. */
    String step(String x, String name, float... w) {
        String matrix = constant(name, w, HIDDEN, HIDDEN);
        return b.node("Add", x, b.node("MatMul", x, matrix).output("product"))
                .output(name + ".sum");
    }

    /** Ends with a random head. */
    OnnxModel finish(String x) {
        return finish(x, drawn(HIDDEN * VOCABULARY));
    }

    OnnxModel finish(String x, float... head) {
        b.node("MatMul", x, constant("head", head, HIDDEN, VOCABULARY)).output("logits");
        b.output("logits", ElementType.FLOAT, "batch", "length", VOCABULARY);
        return model;
    }

    double[] plainEmbedding(int token) {
        double[] x = new double[HIDDEN];
        for (int i = 0; i < HIDDEN; i++) {
            x[i] = values.get("table")[token * HIDDEN + i];
        }
        return x;
    }

    double[] plainBranch(double[] x, String name) {
        double[] y = product(x, values.get(name), HIDDEN);
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.tanh(y[i]);
        }
        return y;
    }

    double[] plainHead(double[] x) {
        return product(x, values.get("head"), VOCABULARY);
    }

    static double[] product(double[] x, float[] w, int width) {
        double[] y = new double[width];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < width; j++) {
                y[j] += x[i] * w[i * width + j];
            }
        }
        return y;
    }

    static double[] sum(double[]... vectors) {
        double[] y = new double[HIDDEN];
        for (double[] vector : vectors) {
            for (int i = 0; i < HIDDEN; i++) {
                y[i] += vector[i];
            }
        }
        return y;
    }

    /** The norm with or without the mean taken out and a shift added. */
    double[] plainNorm(double[] x, String gain, String shift, double epsilon) {
        double mean = 0;
        for (double value : x) {
            mean += shift.isEmpty() ? 0 : value / HIDDEN;
        }
        double square = 0;
        for (double value : x) {
            square += (value - mean) * (value - mean) / HIDDEN;
        }
        double[] y = new double[HIDDEN];
        for (int i = 0; i < HIDDEN; i++) {
            y[i] = (x[i] - mean) / Math.sqrt(square + epsilon) * values.get(gain)[i];
            y[i] += shift.isEmpty() ? 0 : values.get(shift)[i];
        }
        return y;
    }
}
