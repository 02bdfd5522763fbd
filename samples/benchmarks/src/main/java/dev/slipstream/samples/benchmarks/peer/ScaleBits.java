package dev.slipstream.samples.benchmarks.peer;

import dev.slipstream.checkpoint.Precision;

/** Bits of a weight in our graphs, whose blocks of 32 have a 32-bit scale. */
final class ScaleBits {
    private ScaleBits() {}

    static double of(Precision precision) {
        return switch (precision) {
            case FP32 -> 32;
            case INT8 -> 9;
            case INT4 -> 5;
        };
    }
}
