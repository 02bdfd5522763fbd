package dev.slipstream.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import java.util.Map;

/** The keys and values (and other states) of one sequence of tokens. */
sealed interface KeyValues extends AutoCloseable permits InPlaceKeyValues, GrowingKeyValues {
    /**
     * Puts the past into a run's inputs and a place for the present into its outputs.
     *
     * @param past tokens before
     * @param tokens new ones
     */
    void bind(Map<String, OnnxTensor> inputs, Map<String, OnnxValue> outputs, int past, int tokens)
            throws OrtException;

    /** Makes the present of the run that succeeded the new past. */
    void commit(int length);

    /**
     * Forgets all tokens from {@code to} on.
     *
     * @param from tokens held now
     * @param to tokens to keep
     */
    void cut(int from, int to);

    /** Becomes a copy of the first {@code length} tokens of another one of the same model. */
    void copyFrom(KeyValues other, int length);

    @Override
    void close();
}
