package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;

/**
 * The quantised products in plain Java, one number after the other. Equal to the last bit: a sum is
 * made in one order whatever the instruction set, but where a norm's squares are added, which is
 * exact for {@linkplain #coarse coarse} numbers in every order.
 */
final class ProductReference {
    private static final int BLOCK = DrawnMatrix.BLOCK;

    /** 2^f, see exponential.h. */
    private static final float[] EXP2 = {
        1.0f,
        0.693147182f,
        0.240226507f,
        0.0555035695f,
        0.00961808302f,
        0.00133908633f,
        0.000154531633f
    };

    private final boolean fused;

    ProductReference(InstructionSet set) {
        fused = set != InstructionSet.SCALAR;
    }

    /** Returns a number near another one, whose square and the sum of a thousand are exact. */
    static float coarse(double value) {
        return Math.round(Math.max(-7, Math.min(7, value)) * 8) / 8f;
    }

    /** Returns the products of a row with all outputs. */
    float[] product(float[] row, DrawnMatrix matrix) {
        float[] sums = new float[matrix.outputs()];
        int[] rounded = new int[BLOCK];
        for (int from = 0; from < matrix.inputs(); from += BLOCK) {
            float[] block = Arrays.copyOfRange(row, from, Math.min(matrix.inputs(), from + BLOCK));
            float most = 0;
            for (float value : block) {
                most = Math.max(most, Math.abs(value));
            }
            Arrays.fill(rounded, 0);
            for (int i = 0; i < block.length && most > 0; i++) {
                rounded[i] = (int) Math.rint(block[i] * (127 / most));
            }
            for (int o = 0; o < sums.length; o++) {
                int dot = 0;
                for (int i = 0; i < BLOCK; i++) {
                    dot += rounded[i] * matrix.steps()[o][from + i];
                }
                float scale = matrix.scales()[o][from / BLOCK] * (most / 127);
                sums[o] = add(dot, scale, sums[o]);
            }
        }
        return sums;
    }

    /** Returns the root mean square norm of a coarse row. */
    static float[] norm(float[] row, float[] weight, float epsilon) {
        float squares = 0;
        for (float value : row) {
            squares += value * value;
        }
        float factor = 1 / (float) Math.sqrt(squares / row.length + epsilon);
        float[] normed = new float[row.length];
        for (int i = 0; i < row.length; i++) {
            normed[i] = row[i] * factor * weight[i];
        }
        return normed;
    }

    float[] feedForward(float[] row, DrawnMatrix gate, DrawnMatrix up, DrawnMatrix down) {
        float[] gated = product(row, gate);
        float[] ups = product(row, up);
        return product(gated(gated, ups), down);
    }

    float[] gated(float[] gate, float[] up) {
        float[] gated = new float[gate.length];
        for (int i = 0; i < gate.length; i++) {
            gated[i] = silu(gate[i]) * up[i];
        }
        return gated;
    }

    /** x / (1 + exp(-x)), to the bit and, of that, near enough. */
    private float silu(float x) {
        float e = exp2(-Math.abs(x) * 1.44269504088896341f);
        float result = x * ((x < 0 ? e : 1) / (1 + e));
        // The power of two is rounded once: an error that grows with it.
        double exact = x / (1 + Math.exp(-x));
        assertThat((double) result)
                .isCloseTo(exact, within((1e-6 + 1e-7 * Math.abs(x)) * Math.abs(exact) + 1e-35));
        return result;
    }

    private float exp2(float x) {
        if (x < -126) {
            return 0;
        }
        int whole = fused ? (int) Math.rint(x) : (int) (x - 0.5f);
        float f = x - whole;
        float p = EXP2[6];
        for (int i = 5; i >= 0; i--) {
            p = add(p, f, EXP2[i]);
        }
        return p * (float) Math.pow(2, whole);
    }

    private float add(float a, float b, float c) {
        return fused ? Math.fma(a, b, c) : a * b + c;
    }
}
