package dev.slipstream.cache;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;

/**
 * Whose keys and values a file holds: those of one graph with its weights, gates and rotary tables,
 * computed by one version of ONNX Runtime and of the native operators. No other model may use them,
 * not even the same one in another precision.
 *
 * @param model the graph's {@link OnnxModel#fingerprint()}
 * @param runtime what computed them, {@link DecoderModel#runtime()}
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
     * @param opened the open model
     */
    public static CacheKey of(OnnxModel graph, DecoderModel opened) {
        return new CacheKey(graph.fingerprint(), opened.runtime());
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
