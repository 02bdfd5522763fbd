package dev.slipstream.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class FloatsTest {
    @Test
    void widensEveryFloat16Exactly() {
        FloatBuffer wide = widenAll(ElementType.FLOAT16);
        for (int bits = 0; bits < 1 << 16; bits++) {
            Double expected = value(bits, 5, 10);
            assertThat((double) wide.get(bits)).as("0x%04x", bits).isEqualTo(expected);
        }
    }

    @Test
    void widensEveryBfloat16Exactly() {
        FloatBuffer wide = widenAll(ElementType.BFLOAT16);
        for (int bits = 0; bits < 1 << 16; bits++) {
            Double expected = value(bits, 8, 7);
            assertThat((double) wide.get(bits)).as("0x%04x", bits).isEqualTo(expected);
        }
    }

    @Test
    void keepsFloat32AsItIs() {
        Tensor tensor = new Tensor(ElementType.FLOAT, List.of(2L), ByteBuffer.allocateDirect(8));
        assertThat(Floats.toFloat32(tensor)).isSameAs(tensor);
    }

    @Test
    void keepsShapeAndHandlesLengthsThatAreNoWholeBlock() {
        for (int length : new int[] {0, 1, 4095, 4096, 4097, 10_000}) {
            ByteBuffer data = ByteBuffer.allocateDirect(2 * length).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < length; i++) {
                data.putShort(2 * i, (short) 0x3f80);
            }
            Tensor tensor = new Tensor(ElementType.BFLOAT16, List.of(1L, (long) length), data);
            Tensor wide = Floats.toFloat32(tensor);
            assertThat(wide.shape()).isEqualTo(tensor.shape());
            assertThat(wide.data().isDirect()).isTrue();
            for (int i = 0; i < length; i++) {
                assertThat(wide.data().getFloat(4 * i)).isEqualTo(1);
            }
        }
    }

    @Test
    void readsRangesOfEachType() {
        ByteBuffer data = ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN);
        float[] into = new float[2];
        data.putFloat(0, 1).putFloat(4, 2).putFloat(8, 3);
        Floats.read(new Tensor(ElementType.FLOAT, List.of(3L), data), 1, into);
        assertThat(into).containsExactly(2, 3);
        data.putShort(8, (short) 0x3c00).putShort(10, (short) 0xc000);
        Floats.read(new Tensor(ElementType.FLOAT16, List.of(6L), data), 4, into);
        assertThat(into).containsExactly(1, -2);
        data.putShort(8, (short) 0x3f80).putShort(10, (short) 0xbf80);
        Floats.read(new Tensor(ElementType.BFLOAT16, List.of(6L), data), 4, into);
        assertThat(into).containsExactly(1, -1);
    }

    @Test
    void refusesOtherTypes() {
        Tensor tensor = new Tensor(ElementType.INT8, List.of(2L), ByteBuffer.allocateDirect(2));
        assertThatThrownBy(() -> Floats.toFloat32(tensor))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("found INT8[2]");
    }

    private static FloatBuffer widenAll(ElementType type) {
        ByteBuffer all = ByteBuffer.allocateDirect(2 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int bits = 0; bits < 1 << 16; bits++) {
            all.putShort((short) bits);
        }
        return Floats.toFloat32(new Tensor(type, List.of(1L << 16), all.flip()))
                .data()
                .asFloatBuffer();
    }

    /** The definition of IEEE 754's interchange formats, in doubles. */
    private static double value(int bits, int exponentBits, int fractionBits) {
        double sign = (bits & 0x8000) == 0 ? 1.0 : -1.0;
        int top = (1 << exponentBits) - 1;
        int exponent = bits >> fractionBits & top;
        int fraction = bits & (1 << fractionBits) - 1;
        int bias = top >> 1;
        double ulps = Math.pow(2, fractionBits);
        if (exponent == top) {
            return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
        }
        return exponent == 0
                ? sign * (fraction / ulps) * Math.pow(2, 1 - bias)
                : sign * (1 + fraction / ulps) * Math.pow(2, exponent - bias);
    }
}
