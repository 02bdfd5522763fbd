package dev.slipstream.runtime;

/** IEEE 754 half precision, for models whose inputs and outputs have it. Java 17 has none. */
final class HalfFloats {
    private static final short ONE = 0x3C00;

    private HalfFloats() {}

    static float toFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >>> 10) & 0x1F;
        int fraction = half & 0x3FF;
        if (exponent == 0) {
            float value = fraction * 0x1p-24f;
            return sign == 0 ? value : -value;
        }
        int wide = exponent == 31 ? 0xFF : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }

    /** Returns the half of 0 or 1, all that masks need. */
    static short ofInt(int value) {
        return switch (value) {
            case 0 -> 0;
            case 1 -> ONE;
            default -> throw new IllegalArgumentException("expected 0 or 1, found " + value);
        };
    }
}
