package dev.slipstream.zoo;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import org.jspecify.annotations.Nullable;

/**
 * How a sentence encoder is opened.
 *
 * @param pooling how the vectors of the tokens become one; null takes what {@code
 *     1_Pooling/config.json} says and the mean where it says nothing
 * @param maxTokens the most tokens of a text, of which the end is left out beyond; 0 takes the
 *     model's own
 * @param threads that one run of the graph uses; 0 takes half of the machine's processors
 * @param spinning what those threads do while they wait for each other
 * @param device where the graph runs
 */
public record EncoderOptions(
        @Nullable Pooling pooling, int maxTokens, int threads, Spinning spinning, Device device) {
    /** Checks the ranges. */
    public EncoderOptions {
        if (maxTokens != 0 && maxTokens < 2) {
            throw new IllegalArgumentException(
                    "maxTokens: expected 0, or 2 or more, found " + maxTokens);
        }
        if (threads < 0) {
            throw new IllegalArgumentException("threads: expected 0 or more, found " + threads);
        }
    }

    /** Returns the model's own pooling and length, sleeping waits, and the processor. */
    public static EncoderOptions defaults() {
        return new EncoderOptions(null, 0, 0, Spinning.BRIEF, Device.CPU);
    }

    /** Returns these options with another pooling. */
    public EncoderOptions withPooling(Pooling value) {
        return new EncoderOptions(value, maxTokens, threads, spinning, device);
    }

    /** Returns these options with another limit on a text. */
    public EncoderOptions withMaxTokens(int value) {
        return new EncoderOptions(pooling, value, threads, spinning, device);
    }

    /** Returns these options with another number of threads. */
    public EncoderOptions withThreads(int value) {
        return new EncoderOptions(pooling, maxTokens, value, spinning, device);
    }

    /** Returns these options with waits of another kind. */
    public EncoderOptions withSpinning(Spinning value) {
        return new EncoderOptions(pooling, maxTokens, threads, value, device);
    }

    /** Returns these options with another device. */
    public EncoderOptions withDevice(Device value) {
        return new EncoderOptions(pooling, maxTokens, threads, spinning, value);
    }

    RuntimeOptions runtime() {
        int used = threads == 0 ? RuntimeOptions.defaultThreads() : threads;
        return new RuntimeOptions(used, spinning, 0).withDevice(device);
    }
}
