package dev.slipstream.operators;

import java.util.Arrays;

/** Causal attention of one sequence, plainly, in double precision. */
final class AttentionReference {
    private final Heads heads;
    private final Rotary rotary;
    private final float[] rows;

    /** Constructs the attention of rows [positions, packed], all of the sequence from its first. */
    AttentionReference(Heads heads, Rotary rotary, float[] rows) {
        this.heads = heads;
        this.rotary = rotary;
        this.rows = rows;
    }

    /** Computes the output of the row at a position, [heads, size]. */
    double[] output(int position) {
        int size = heads.size();
        int group = heads.heads() / heads.kvHeads();
        double[] output = new double[heads.output()];
        int first = heads.window() < 0 ? 0 : Math.max(0, position + 1 - heads.window());
        for (int head = 0; head < heads.heads(); head++) {
            double[] query = rotated(position, head);
            double[] weights = new double[position + 1 - first];
            for (int key = first; key <= position; key++) {
                double[] rotatedKey = rotated(key, heads.heads() + head / group);
                double sum = 0;
                for (int i = 0; i < size; i++) {
                    sum += query[i] * rotatedKey[i];
                }
                weights[key - first] = sum * heads.scale();
            }
            double highest = Arrays.stream(weights).max().orElseThrow();
            double total = 0;
            for (int i = 0; i < weights.length; i++) {
                weights[i] = Math.exp(weights[i] - highest);
                total += weights[i];
            }
            for (int key = first; key <= position; key++) {
                int value = at(key, heads.heads() + heads.kvHeads() + head / group);
                for (int i = 0; i < size; i++) {
                    output[head * size + i] += weights[key - first] / total * rows[value + i];
                }
            }
        }
        return output;
    }

    private int at(int position, int head) {
        return position * heads.packed() + head * heads.size();
    }

    private double[] rotated(int position, int head) {
        int half = heads.size() / 2;
        int from = at(position, head);
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
