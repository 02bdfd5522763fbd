package dev.slipstream.checkpoint;

/** How the weights of a graph are stored and multiplied. */
public enum Precision {
    /** 32-bit floating point: the reference. */
    FP32,
    /** 8-bit integers in blocks of 32, one scale a block ({@code MatMulNBits}). */
    INT8,
    /** 4-bit integers in blocks of 32, one scale a block ({@code MatMulNBits}). */
    INT4
}
