package dev.slipstream.samples.benchmarks.weights;

import dev.slipstream.checkpoint.Precision;
import java.util.Locale;

/** How GGUF stores a matrix. */
public enum WeightFormat {
    /** 32-bit floats. */
    F32(Precision.FP32, 0, 0, 1, Float.BYTES),
    /** Blocks of 32 signed bytes after a 16-bit scale. */
    Q8_0(Precision.INT8, 8, 7, 32, 2 + 32),
    /** Blocks of 32 half bytes after a 16-bit scale; the first 16 values are the low halves. */
    Q4_0(Precision.INT4, 2, 2, 32, 2 + 16);

    private final Precision precision;
    private final int tensorType;
    private final int fileType;
    private final int block;
    private final int blockBytes;

    WeightFormat(Precision precision, int tensorType, int fileType, int block, int blockBytes) {
        this.precision = precision;
        this.tensorType = tensorType;
        this.fileType = fileType;
        this.block = block;
        this.blockBytes = blockBytes;
    }

    /** Returns the format whose values are those of a precision, but for the scales' rounding. */
    public static WeightFormat of(Precision precision) {
        return switch (precision) {
            case FP32 -> F32;
            case INT8 -> Q8_0;
            case INT4 -> Q4_0;
        };
    }

    /** Returns the precision of ours that has the same values. */
    public Precision precision() {
        return precision;
    }

    /** Returns the name as a part of a file's: {@code q4_0}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns GGML's number of the element type. */
    int tensorType() {
        return tensorType;
    }

    /** Returns GGUF's number of a file whose matrices have this type. */
    int fileType() {
        return fileType;
    }

    /** Tells whether rows of that length can be stored so. */
    boolean holds(long columns) {
        return columns % block == 0;
    }

    /** Returns the bytes that so many values in whole blocks take. */
    long bytes(long values) {
        return values / block * blockBytes;
    }
}
