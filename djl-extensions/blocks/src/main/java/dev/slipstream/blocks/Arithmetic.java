package dev.slipstream.blocks;

/**
 * The numbers that matrix products are computed in. Weights, the residual stream and losses are
 * 32-bit floats always.
 */
public enum Arithmetic {
    /** 32-bit floats, as at inference. */
    FLOAT32,

    /**
     * The upper halves of them: 8 bits of precision, sums in 32 bits. Faster where the processor
     * has instructions for it (AVX512-BF16, AMX), far slower where it has not.
     */
    BFLOAT16
}
