package dev.slipstream.operators;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;

/**
 * A random matrix of integers in blocks of 32, as docs/operators.md writes it down.
 *
 * @param steps by output and input; the inputs that fill up the last block are random, too
 * @param scales by output and block
 */
record DrawnMatrix(int bits, int outputs, int inputs, int[][] steps, float[][] scales) {
    static final int BLOCK = 32;
    private static final int PANEL = 16;

    static DrawnMatrix draw(Random random, int bits, int outputs, int inputs) {
        int blocks = (inputs + BLOCK - 1) / BLOCK;
        int half = 1 << bits - 1;
        int[][] steps = new int[outputs][];
        float[][] scales = new float[outputs][blocks];
        for (int o = 0; o < outputs; o++) {
            steps[o] = random.ints((long) blocks * BLOCK, -half, half).toArray();
            for (int b = 0; b < blocks; b++) {
                scales[o][b] = (float) random.nextGaussian() / half;
            }
        }
        return new DrawnMatrix(bits, outputs, inputs, steps, scales);
    }

    int blocks() {
        return (inputs + BLOCK - 1) / BLOCK;
    }

    /** Returns one of its numbers. */
    float value(int output, int input) {
        return steps[output][input] * scales[output][input / BLOCK];
    }

    /**
     * Returns the tiles; outputs that fill up the last panel have all bits set and NaN for a scale,
     * so that nothing can come of them unseen.
     */
    Tensor tiles() {
        int panels = (outputs + PANEL - 1) / PANEL;
        int values = PANEL * BLOCK * bits / 8;
        int tile = values + PANEL * Float.BYTES;
        ByteBuffer data =
                ByteBuffer.allocateDirect(panels * blocks() * tile).order(ByteOrder.LITTLE_ENDIAN);
        for (int o = 0; o < panels * PANEL; o++) {
            for (int i = 0; i < blocks() * BLOCK; i++) {
                int at = (o / PANEL * blocks() + i / BLOCK) * tile;
                int lane = o % PANEL;
                int within = i % BLOCK;
                int step = o < outputs ? steps[o][i] : (1 << bits - 1) - 1;
                int stored = step + (1 << bits - 1);
                if (bits == 8) {
                    data.put(at + within / 4 * 64 + lane * 4 + within % 4, (byte) stored);
                } else {
                    int low = within % 16;
                    int place = at + low / 4 * 64 + lane * 4 + low % 4;
                    int other = data.get(place) & 0xff;
                    data.put(place, (byte) (other | (within < 16 ? stored : stored << 4)));
                }
                float scale = o < outputs ? scales[o][i / BLOCK] : Float.NaN;
                data.putFloat(at + values + lane * Float.BYTES, scale);
            }
        }
        return new Tensor(
                ElementType.UINT8, List.of((long) panels, (long) blocks(), (long) tile), data);
    }
}
