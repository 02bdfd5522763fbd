package dev.slipstream.zoo;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.runtime.Spinning;

/**
 * How a model is opened.
 *
 * @param precision of the weights, for models that are built from a checkpoint; ONNX files are
 *     opened as they are
 * @param contextLength the most tokens of prompt and answer; 0 takes the model's own, 4,096 at most
 * @param threads that one run of the graph uses; 0 takes half of the machine's processors
 * @param spinning what those threads do while they wait for each other
 * @param maxActive requests that run at once
 * @param maxQueued requests that may wait beyond those
 */
public record LoadOptions(
        Precision precision,
        int contextLength,
        int threads,
        Spinning spinning,
        int maxActive,
        int maxQueued) {
    /** Checks the ranges. */
    public LoadOptions {
        if (contextLength < 0) {
            throw new IllegalArgumentException(
                    "contextLength: expected 0 or more, found " + contextLength);
        }
        if (threads < 0) {
            throw new IllegalArgumentException("threads: expected 0 or more, found " + threads);
        }
        if (maxActive < 1) {
            throw new IllegalArgumentException("maxActive: expected 1 or more, found " + maxActive);
        }
        if (maxQueued < 0) {
            throw new IllegalArgumentException("maxQueued: expected 0 or more, found " + maxQueued);
        }
    }

    /**
     * Returns int8 weights, the model's own context, sleeping waits, two running and 64 waiting
     * requests.
     */
    public static LoadOptions defaults() {
        return new LoadOptions(Precision.INT8, 0, 0, Spinning.OFF, 2, 64);
    }

    /** Returns these options with another precision. */
    public LoadOptions withPrecision(Precision value) {
        return new LoadOptions(value, contextLength, threads, spinning, maxActive, maxQueued);
    }

    /** Returns these options with another context length. */
    public LoadOptions withContextLength(int value) {
        return new LoadOptions(precision, value, threads, spinning, maxActive, maxQueued);
    }

    /** Returns these options with another number of threads. */
    public LoadOptions withThreads(int value) {
        return new LoadOptions(precision, contextLength, value, spinning, maxActive, maxQueued);
    }

    /** Returns these options with other waits. */
    public LoadOptions withSpinning(Spinning value) {
        return new LoadOptions(precision, contextLength, threads, value, maxActive, maxQueued);
    }

    /** Returns these options with other limits on requests. */
    public LoadOptions withRequests(int active, int queued) {
        return new LoadOptions(precision, contextLength, threads, spinning, active, queued);
    }
}
