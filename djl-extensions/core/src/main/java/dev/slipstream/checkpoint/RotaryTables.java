package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Cosines and sines of a decoder's rotary embedding.
 *
 * @param cos {@code [positions, headSize/2]}
 * @param sin {@code [positions, headSize/2]}
 */
record RotaryTables(Tensor cos, Tensor sin) {
    static RotaryTables of(DecoderConfig config, int positions) {
        // Pairs that are zeros do not turn.
        double[] frequencies =
                Arrays.copyOf(
                        frequencies(config.rotary(), config.headSize()),
                        PaddedHeads.padded(config.headSize()) / 2);
        double factor = config.rotary().attentionFactor();
        long bytes = (long) positions * frequencies.length * Float.BYTES;
        ByteBuffer cos = DirectBytes.allocate(bytes);
        ByteBuffer sin = DirectBytes.allocate(bytes);
        for (int position = 0; position < positions; position++) {
            for (double frequency : frequencies) {
                cos.putFloat((float) (Math.cos(position * frequency) * factor));
                sin.putFloat((float) (Math.sin(position * frequency) * factor));
            }
        }
        List<Long> shape = List.of((long) positions, (long) frequencies.length);
        return new RotaryTables(
                new Tensor(ElementType.FLOAT, shape, cos.flip()),
                new Tensor(ElementType.FLOAT, shape, sin.flip()));
    }

    /** Returns the angle of each pair of a head at position 1. */
    static double[] frequencies(RotaryScaling rotary, int headSize) {
        double[] result = new double[headSize / 2];
        for (int pair = 0; pair < result.length; pair++) {
            double frequency = Math.pow(rotary.theta(), -2.0 * pair / headSize);
            if (rotary instanceof RotaryScaling.Linear linear) {
                frequency /= linear.factor();
            } else if (rotary instanceof RotaryScaling.Llama3 llama3) {
                frequency = byWaveLength(frequency, llama3);
            } else if (rotary instanceof RotaryScaling.Yarn yarn) {
                frequency = byTurns(frequency, pair, headSize, yarn);
            }
            result[pair] = frequency;
        }
        return result;
    }

    private static double byWaveLength(double frequency, RotaryScaling.Llama3 scaling) {
        double turns = scaling.originalContextLength() * frequency / (2 * Math.PI);
        double low = scaling.lowFrequencyFactor();
        double high = scaling.highFrequencyFactor();
        double kept = Math.max(0, Math.min(1, (turns - low) / (high - low)));
        return frequency * (kept + (1 - kept) / scaling.factor());
    }

    private static double byTurns(
            double frequency, int pair, int headSize, RotaryScaling.Yarn scaling) {
        double first = pairOfTurns(scaling.betaFast(), headSize, scaling);
        double last = pairOfTurns(scaling.betaSlow(), headSize, scaling);
        if (scaling.truncate()) {
            first = Math.floor(first);
            last = Math.ceil(last);
        }
        first = Math.max(first, 0);
        last = Math.min(last, headSize - 1);
        double width = first == last ? 0.001 : last - first;
        double divided = Math.max(0, Math.min(1, (pair - first) / width));
        return frequency * (1 - divided + divided / scaling.factor());
    }

    /** Returns the (fractional) pair that turns so often in the original context. */
    private static double pairOfTurns(double turns, int headSize, RotaryScaling.Yarn scaling) {
        return headSize
                * Math.log(scaling.originalContextLength() / (turns * 2 * Math.PI))
                / (2 * Math.log(scaling.theta()));
    }
}
