package dev.slipstream.runtime;

import ai.onnxruntime.OnnxTensor;
import dev.slipstream.checkpoint.Pooling;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/** From the vectors of the tokens to those of the sentences. */
final class SentenceVectors {
    /** A sum of squares below this is none: its direction would be noise. */
    private static final double LEAST = 1e-24;

    private SentenceVectors() {}

    /**
     * Pools and scales to length 1.
     *
     * @param hidden floats {@code [batch, length, size]}
     * @param sequences whose lengths tell tokens from padding
     */
    static float[][] of(OnnxTensor hidden, List<int[]> sequences, Pooling pooling) {
        long[] shape = hidden.getInfo().getShape();
        if (shape.length != 3 || shape[0] != sequences.size()) {
            throw new InferenceException(
                    "expected vectors of the tokens, [%d, length, size], found the shape %s"
                            .formatted(sequences.size(), Arrays.toString(shape)));
        }
        int length = (int) shape[1];
        int size = (int) shape[2];
        FloatBuffer values = hidden.getFloatBuffer();
        float[][] vectors = new float[sequences.size()][];
        for (int i = 0; i < vectors.length; i++) {
            int rows = pooling == Pooling.CLS ? 1 : sequences.get(i).length;
            vectors[i] = unit(sum(values, i * length, rows, size));
        }
        return vectors;
    }

    /** The mean has the sum's direction, and no more is kept of it. */
    private static double[] sum(FloatBuffer values, int row, int rows, int size) {
        double[] sum = new double[size];
        float[] vector = new float[size];
        for (int i = row; i < row + rows; i++) {
            values.get(i * size, vector);
            for (int j = 0; j < size; j++) {
                sum[j] += vector[j];
            }
        }
        return sum;
    }

    private static float[] unit(double[] vector) {
        double squares = 0;
        for (double value : vector) {
            squares += value * value;
        }
        double scale = squares < LEAST ? 0 : 1 / Math.sqrt(squares);
        float[] unit = new float[vector.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = (float) (vector[i] * scale);
        }
        return unit;
    }
}
