package dev.slipstream.operators;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Attention of one sequence, plainly, in double precision. */
final class AttentionReference {
    private final Heads heads;
    private final Rotary rotary;
    private final float[] rows;
    private final int[] positions;

    /** Constructs the attention of rows [positions, packed], all of the sequence from its first. */
    AttentionReference(Heads heads, Rotary rotary, float[] rows) {
        this(heads, rotary, rows, IntStream.range(0, rows.length / heads.packed()).toArray());
    }

    /** Constructs the attention of rows [rows, packed] that stand anywhere. */
    AttentionReference(Heads heads, Rotary rotary, float[] rows, int[] positions) {
        this.positions = positions;
        this.heads = heads;
        this.rotary = rotary;
        this.rows = rows;
    }

    /** Computes the output of a row that sees those before it, [heads, size]. */
    double[] output(int row) {
        return output(row, key -> key <= row && inWindow(row, key));
    }

    /** Tells whether a row is near enough to see another. */
    boolean inWindow(int row, int key) {
        return heads.window() < 0 || positions[key] > positions[row] - heads.window();
    }

    /** Computes the output of a row that sees some of the rows, [heads, size]. */
    double[] output(int row, IntPredicate sees) {
        int[] keys = IntStream.range(0, positions.length).filter(sees).toArray();
        int size = heads.size();
        int group = heads.heads() / heads.kvHeads();
        double[] output = new double[heads.output()];
        for (int head = 0; head < heads.heads(); head++) {
            double[] query = rotated(row, head);
            double[] weights = new double[keys.length];
            for (int k = 0; k < keys.length; k++) {
                double[] rotatedKey = rotated(keys[k], heads.heads() + head / group);
                double sum = 0;
                for (int i = 0; i < size; i++) {
                    sum += query[i] * rotatedKey[i];
                }
                weights[k] = sum * heads.scale();
            }
            double highest = Arrays.stream(weights).max().orElseThrow();
            double total = 0;
            for (int i = 0; i < weights.length; i++) {
                weights[i] = Math.exp(weights[i] - highest);
                total += weights[i];
            }
            for (int k = 0; k < keys.length; k++) {
                int value = at(keys[k], heads.heads() + heads.kvHeads() + head / group);
                for (int i = 0; i < size; i++) {
                    output[head * size + i] += weights[k] / total * rows[value + i];
                }
            }
        }
        return output;
    }

    private int at(int row, int head) {
        return row * heads.packed() + head * heads.size();
    }

    private double[] rotated(int row, int head) {
        int half = heads.size() / 2;
        int position = positions[row];
        int from = at(row, head);
        double[] result = new double[heads.size()];
        for (int i = 0; i < half; i++) {
            double cos = rotary.cos().get(position * half + i);
            double sin = rotary.sin().get(position * half + i);
            result[i] = rows[from + i] * cos - rows[from + half + i] * sin;
            result[half + i] = rows[from + half + i] * cos + rows[from + i] * sin;
        }
        return result;
    }
}
