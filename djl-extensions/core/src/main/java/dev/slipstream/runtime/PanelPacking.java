package dev.slipstream.runtime;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Lays a matrix of integers in blocks of 32 out as the native products read it: what sixteen
 * outputs need for one block of inputs lies together, in the order in which it is multiplied.
 */
final class PanelPacking {
    /** Inputs that share a scale. */
    static final int BLOCK = 32;

    /** Outputs whose weights lie together. */
    static final int PANEL = 16;

    /** Where packed tensors begin: at a line of the processor's caches. */
    private static final int LINE = 64;

    private final ByteBuffer values;
    private final ByteBuffer scales;
    private final int outputs;
    private final int blocks;
    private final int bits;
    private final int tileBytes;

    private PanelPacking(Tensor values, Tensor scales, int outputs, int blocks, int bits) {
        this.values = values.data();
        this.scales = scales.data();
        this.outputs = outputs;
        this.blocks = blocks;
        this.bits = bits;
        this.tileBytes = PANEL * (BLOCK * bits / 8 + Float.BYTES);
    }

    /** Returns the bytes of a packed matrix. */
    static long bytes(int outputs, int blocks, int bits) {
        long panels = (outputs + PANEL - 1) / PANEL;
        return panels * blocks * PANEL * (BLOCK * bits / 8 + Float.BYTES);
    }

    /**
     * Packs a matrix.
     *
     * @param values {@code [outputs, blocks, 32 x bits/8]} bytes, steps plus half of their range
     * @param scales {@code [outputs, blocks]} floats
     * @return {@code [panels, blocks, bytes of a tile]}; outputs that fill up the last panel are 0
     */
    static Tensor pack(Tensor values, Tensor scales, int outputs, int blocks, int bits) {
        PanelPacking packing = new PanelPacking(values, scales, outputs, blocks, bits);
        int bytes = Math.toIntExact(bytes(outputs, blocks, bits));
        ByteBuffer memory = Buffers.allocate(bytes + LINE);
        ByteBuffer packed = memory.alignedSlice(LINE).order(ByteOrder.LITTLE_ENDIAN);
        packed.limit(bytes);
        int panels = (outputs + PANEL - 1) / PANEL;
        IntStream.range(0, panels).parallel().forEach(panel -> packing.panel(panel, packed));
        List<Long> shape = List.of((long) panels, (long) blocks, (long) packing.tileBytes);
        return new Tensor(ElementType.UINT8, shape, packed);
    }

    private void panel(int panel, ByteBuffer packed) {
        for (int lane = 0; lane < PANEL && panel * PANEL + lane < outputs; lane++) {
            int row = (panel * PANEL + lane) * blocks;
            for (int block = 0; block < blocks; block++) {
                int tile = (panel * blocks + block) * tileBytes;
                if (bits == 4) {
                    fourBits((row + block) * BLOCK / 2, packed, tile + 4 * lane);
                } else {
                    eightBits((row + block) * BLOCK, packed, tile + 4 * lane);
                }
                int scale = tile + PANEL * BLOCK * bits / 8 + lane * Float.BYTES;
                packed.putFloat(scale, scales.getFloat((row + block) * Float.BYTES));
            }
        }
    }

    private void fourBits(int from, ByteBuffer packed, int to) {
        long low = values.getLong(from);
        long high = values.getLong(from + Long.BYTES);
        for (int i = 0; i < 4; i++) {
            int bytes = spread(low >>> 16 * i) | spread(high >>> 16 * i) << 4;
            packed.putInt(to + i * 4 * PANEL, bytes);
        }
    }

    private void eightBits(int from, ByteBuffer packed, int to) {
        for (int i = 0; i < BLOCK / 4; i++) {
            packed.putInt(to + i * 4 * PANEL, values.getInt(from + 4 * i));
        }
    }

    /** Returns the lowest four groups of four bits, a byte each. */
    private static int spread(long groups) {
        int bits = (int) groups;
        return bits & 0xf | (bits & 0xf0) << 4 | (bits & 0xf00) << 8 | (bits & 0xf000) << 12;
    }
}
