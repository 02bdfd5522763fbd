package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Each weight and scale lies where docs/operators.md says. */
class PanelPackingTest {
    private static final int BLOCK = 32;
    private static final int PANEL = 16;

    @Test
    void everyWeightIsFound() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            int bits = round % 2 == 0 ? 4 : 8;
            int outputs = 1 + random.nextInt(70);
            int blocks = 1 + random.nextInt(5);
            String what =
                    "%d bits, %d outputs, %d blocks, seed %d"
                            .formatted(bits, outputs, blocks, seed);
            byte[] stored = new byte[outputs * blocks * BLOCK * bits / 8];
            random.nextBytes(stored);
            Tensor values = bytes(stored, outputs, blocks);
            ByteBuffer numbers =
                    ByteBuffer.allocateDirect(outputs * blocks * Float.BYTES)
                            .order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < outputs * blocks; i++) {
                numbers.putFloat(i * Float.BYTES, random.nextFloat());
            }
            Tensor scales =
                    new Tensor(ElementType.FLOAT, List.of((long) outputs, (long) blocks), numbers);
            Tensor packed = PanelPacking.pack(values, scales, outputs, blocks, bits);
            int panels = (outputs + PANEL - 1) / PANEL;
            int tile = PANEL * BLOCK * bits / 8 + PANEL * Float.BYTES;
            assertThat(packed.type()).isEqualTo(ElementType.UINT8);
            assertThat(packed.shape()).containsExactly((long) panels, (long) blocks, (long) tile);
            assertThat(PanelPacking.bytes(outputs, blocks, bits))
                    .isEqualTo(packed.data().remaining());
            // At a line of the caches, where no load of a register crosses one.
            assertThat(packed.data().alignmentOffset(0, 64)).isZero();
            for (int o = 0; o < panels * PANEL; o++) {
                for (int b = 0; b < blocks; b++) {
                    int from = o * blocks + b;
                    int at = (o / PANEL * blocks + b) * tile;
                    int scale = at + PANEL * BLOCK * bits / 8 + o % PANEL * Float.BYTES;
                    // What fills up the last panel is zeros.
                    boolean there = o < outputs;
                    assertThat(packed.data().getFloat(scale))
                            .as(what)
                            .isEqualTo(there ? numbers.getFloat(from * Float.BYTES) : 0);
                    for (int i = 0; i < BLOCK; i++) {
                        assertThat(found(packed.data(), at, o % PANEL, i, bits))
                                .as("output %d, block %d, input %d, %s", o, b, i, what)
                                .isEqualTo(there ? expected(stored, from * BLOCK + i, bits) : 0);
                    }
                }
            }
        }
    }

    private static int expected(byte[] stored, int index, int bits) {
        return bits == 8
                ? stored[index] & 0xff
                : (stored[index / 2] & 0xff) >> 4 * (index % 2) & 15;
    }

    /** As the table of the layout has it: dwords of four inputs, output by output. */
    private static int found(ByteBuffer packed, int tile, int lane, int input, int bits) {
        if (bits == 8) {
            return packed.get(tile + input / 4 * 64 + 4 * lane + input % 4) & 0xff;
        }
        int both = packed.get(tile + input % 16 / 4 * 64 + 4 * lane + input % 4) & 0xff;
        return input < 16 ? both & 15 : both >> 4;
    }

    private static Tensor bytes(byte[] values, int outputs, int blocks) {
        ByteBuffer data = ByteBuffer.allocateDirect(values.length).put(values).flip();
        long blob = values.length / ((long) outputs * blocks);
        return new Tensor(ElementType.UINT8, List.of((long) outputs, (long) blocks, blob), data);
    }
}
