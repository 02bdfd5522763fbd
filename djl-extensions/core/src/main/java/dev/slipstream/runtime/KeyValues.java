package dev.slipstream.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
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

    /** Returns the most tokens that fit. */
    int capacity();

    /**
     * Copies the rows of some tokens out: state after state, head after head, row after row.
     *
     * @param length tokens held now
     * @param from first token
     * @param to one past the last token
     * @param target is written from its position on
     */
    void read(int length, int from, int to, ByteBuffer target);

    /**
     * Appends rows that {@link #read} copied out.
     *
     * @param from tokens held now
     * @param to tokens held then
     * @param source is read from its position on
     */
    void append(int from, int to, ByteBuffer source);

    /** Becomes a copy of the first {@code length} tokens of another one of the same model. */
    void copyFrom(KeyValues other, int length);

    @Override
    void close();
}
