package dev.slipstream.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BlockQuantizerTest {
    private static final int BLOCK = 32;

    @Test
    void packsTheEvenColumnIntoTheLowNibble() {
        float[] row = new float[BLOCK];
        for (int i = 0; i < BLOCK; i++) {
            row[i] = 0.5f * (i % 16 - 8);
        }
        QuantizedMatrix quantized = quantize(Precision.INT4, row, BLOCK);
        assertThat(quantized.scales().data().getFloat(0)).isEqualTo(0.5f);
        int[] steps = {0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe};
        for (int i = 0; i < 16; i++) {
            assertThat(quantized.values().data().get(i) & 0xff).isEqualTo(steps[i % 8]);
        }
    }

    @Test
    void putsZeroAt128In8Bits() {
        float[] row = new float[BLOCK];
        for (int i = 0; i < BLOCK; i++) {
            row[i] = 0.25f * (8 * i - 127);
        }
        QuantizedMatrix quantized = quantize(Precision.INT8, row, BLOCK);
        assertThat(quantized.scales().data().getFloat(0)).isEqualTo(0.25f);
        for (int i = 0; i < BLOCK; i++) {
            assertThat(quantized.values().data().get(i) & 0xff).isEqualTo(8 * i + 1);
        }
    }

    @Test
    void clipsOnlyTheEndOfTheRangeThat4BitsLack() {
        float[] row = new float[BLOCK];
        row[0] = 8;
        row[1] = -8;
        row[2] = -7.25f;
        row[3] = 7.25f;
        row[4] = -7.75f;
        row[5] = 7.75f;
        float[] found = dequantized(Precision.INT4, row, BLOCK);
        assertThat(Arrays.copyOf(found, 6)).containsExactly(8, -7, -7, 7, -7, 8);
    }

    @ParameterizedTest
    @EnumSource(names = {"INT4", "INT8"})
    void keepsZerosAndWhatIsTooSmallToScaleAsZeros(Precision precision) {
        float[] row = new float[3 * BLOCK];
        Arrays.fill(row, BLOCK, 2 * BLOCK, Float.MIN_VALUE);
        Arrays.fill(row, 2 * BLOCK, 3 * BLOCK, 1e-38f);
        QuantizedMatrix quantized = quantize(precision, row, row.length);
        assertThat(dequantized(precision, row, row.length)).containsOnly(0);
        FloatBuffer scales = quantized.scales().data().asFloatBuffer();
        for (int i = 0; i < 3; i++) {
            assertThat(Math.abs(scales.get(i))).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT4", "INT8"})
    void roundsFromTheSmallestToTheLargestMagnitudes(Precision precision) {
        for (float largest : new float[] {1e-35f, 1e-20f, 1, 1e20f, Float.MAX_VALUE}) {
            float[] row = new float[BLOCK];
            for (int i = 0; i < BLOCK; i++) {
                row[i] = largest * ((i - 10) / 21f);
            }
            checkErrors(precision, row, BLOCK, "largest " + largest);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT4", "INT8"})
    void roundsToTheNearestStepInAnyShapeAndType(Precision precision) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int draw = 0; draw < 100; draw++) {
            int columns = 1 + random.nextInt(200);
            List<Tensor> parts = new ArrayList<>();
            List<float[]> values = new ArrayList<>();
            for (int part = 0; part < 1 + random.nextInt(3); part++) {
                int rows = 1 + random.nextInt(4);
                ElementType type =
                        List.of(ElementType.FLOAT, ElementType.FLOAT16, ElementType.BFLOAT16)
                                .get(random.nextInt(3));
                float[] drawn = new float[rows * columns];
                parts.add(draw(random, type, rows, columns, drawn));
                values.add(drawn);
            }
            float[] all = new float[values.stream().mapToInt(part -> part.length).sum()];
            int filled = 0;
            for (float[] part : values) {
                System.arraycopy(part, 0, all, filled, part.length);
                filled += part.length;
            }
            checkErrors(
                    precision,
                    new BlockQuantizer(precision).quantize(parts),
                    all,
                    columns,
                    "seed " + seed + ", draw " + draw);
        }
    }

    @Test
    void refusesFloats() {
        assertThatThrownBy(() -> new BlockQuantizer(Precision.FP32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fp32");
    }

    private static void checkErrors(Precision precision, float[] matrix, int columns, String when) {
        checkErrors(precision, quantize(precision, matrix, columns), matrix, columns, when);
    }

    /**
     * At most half a step; in 4 bits up to one where the value is of the other sign than the
     * largest and beyond step 7. The largest value itself is kept.
     */
    private static void checkErrors(
            Precision precision,
            QuantizedMatrix quantized,
            float[] matrix,
            int columns,
            String when) {
        int rows = matrix.length / columns;
        int blocks = (columns + BLOCK - 1) / BLOCK;
        int bits = precision == Precision.INT4 ? 4 : 8;
        assertThat(quantized.values().type()).isEqualTo(ElementType.UINT8);
        assertThat(quantized.values().shape())
                .containsExactly((long) rows, (long) blocks, (long) BLOCK * bits / 8);
        assertThat(quantized.scales().type()).isEqualTo(ElementType.FLOAT);
        assertThat(quantized.scales().shape()).containsExactly((long) rows, (long) blocks);
        for (int row = 0; row < rows; row++) {
            for (int block = 0; block < blocks; block++) {
                double step = quantized.scales().data().getFloat(4 * (row * blocks + block));
                double largest = 0;
                double ofLargest = 0;
                for (int i = 0; i < BLOCK; i++) {
                    int column = block * BLOCK + i;
                    int steps = steps(quantized.values(), row, column, blocks, bits);
                    if (column >= columns) {
                        assertThat(steps).as("padding, %s", when).isZero();
                        continue;
                    }
                    double value = matrix[row * columns + column];
                    double error = Math.abs(steps * step - value);
                    boolean clipped = bits == 4 && value / step > 7.5;
                    assertThat(error)
                            .as("%s, row %d, column %d, value %s", when, row, column, value)
                            .isLessThanOrEqualTo(Math.abs(step) * (clipped ? 1 : 0.50001));
                    if (Math.abs(value) > largest) {
                        largest = Math.abs(value);
                        ofLargest = error;
                    }
                }
                assertThat(ofLargest).as("largest, %s", when).isLessThanOrEqualTo(1e-6 * largest);
            }
        }
    }

    private static QuantizedMatrix quantize(Precision precision, float[] matrix, int columns) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Float.BYTES * matrix.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(matrix);
        List<Long> shape = List.of((long) matrix.length / columns, (long) columns);
        return new BlockQuantizer(precision)
                .quantize(List.of(new Tensor(ElementType.FLOAT, shape, data)));
    }

    private static float[] dequantized(Precision precision, float[] matrix, int columns) {
        QuantizedMatrix quantized = quantize(precision, matrix, columns);
        int blocks = (columns + BLOCK - 1) / BLOCK;
        float[] values = new float[matrix.length];
        for (int i = 0; i < values.length; i++) {
            int row = i / columns;
            int column = i % columns;
            int bits = precision == Precision.INT4 ? 4 : 8;
            values[i] =
                    steps(quantized.values(), row, column, blocks, bits)
                            * quantized
                                    .scales()
                                    .data()
                                    .getFloat(4 * (row * blocks + column / BLOCK));
        }
        return values;
    }

    /** Returns a stored integer, zero at zero. */
    private static int steps(Tensor values, int row, int column, int blocks, int bits) {
        int index = row * blocks * BLOCK + column;
        if (bits == 8) {
            return (values.data().get(index) & 0xff) - 128;
        }
        int pair = values.data().get(index / 2) & 0xff;
        return (index % 2 == 0 ? pair % 16 : pair / 16) - 8;
    }

    /** Draws a matrix of numbers that the type has. */
    private static Tensor draw(
            Random random, ElementType type, int rows, int columns, float[] into) {
        int width = type == ElementType.FLOAT ? 4 : 2;
        ByteBuffer data =
                ByteBuffer.allocateDirect(width * into.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < into.length; i++) {
            float value = (float) random.nextGaussian();
            switch (type) {
                case FLOAT -> data.putFloat(value);
                case BFLOAT16 -> {
                    int bits = Float.floatToIntBits(value) >> 16;
                    data.putShort((short) bits);
                    value = Float.intBitsToFloat(bits << 16);
                }
                default -> {
                    int exponent = 8 + random.nextInt(9);
                    int fraction = random.nextInt(1024);
                    boolean negative = value < 0;
                    data.putShort((short) ((negative ? 1 << 15 : 0) | exponent << 10 | fraction));
                    value = Math.scalb(1 + fraction / 1024f, exponent - 15);
                    value = negative ? -value : value;
                }
            }
            into[i] = value;
        }
        return new Tensor(type, List.of((long) rows, (long) columns), data.flip());
    }
}
