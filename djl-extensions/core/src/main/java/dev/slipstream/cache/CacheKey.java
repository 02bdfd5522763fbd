package dev.slipstream.cache;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.OnnxRuntime;

/**
 * Whose keys and values a file holds: those of one graph with its weights, gates and rotary tables,
 * computed by one version of ONNX Runtime. No other model may use them, not even the same one in
 * another precision.
 *
 * @param model the graph's {@link OnnxModel#fingerprint()}
 * @param runtime the version of ONNX Runtime
 */
public record CacheKey(String model, String runtime) {
    /** Checks that both parts are words, as a line of both is written to files. */
    public CacheKey {
        requireWord("model", model);
        requireWord("runtime", runtime);
    }

    /**
     * Returns the key of a graph that runs in this process. Reads every weight once.
     *
     * @param graph the graph that the model was opened from, or {@link OnnxModel#read} of its file
     */
    public static CacheKey of(OnnxModel graph) {
        return new CacheKey(graph.fingerprint(), OnnxRuntime.version());
    }

    @Override
    public String toString() {
        return "model " + model + " on ONNX Runtime " + runtime;
    }

    private static void requireWord(String name, String value) {
        if (!value.matches("[!-~]{1,128}")) {
            throw new IllegalArgumentException(
                    "%s: expected 1 to 128 ASCII characters without spaces, found '%s'"
                            .formatted(name, value));
        }
    }
}
