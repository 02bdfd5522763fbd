package dev.slipstream.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Keys and values of an imported graph, which joins past and new rows into a longer present. Two
 * buffers a state take turns as past and present; nothing is allocated for a step but the tensors
 * that give them their shape.
 */
final class GrowingKeyValues implements KeyValues {
    private final OrtEnvironment environment;
    private final DecoderInterface decoder;
    private final int capacity;
    private final List<ByteBuffer> past = new ArrayList<>();
    private final List<ByteBuffer> present = new ArrayList<>();
    private final List<OnnxTensor> bound = new ArrayList<>();

    GrowingKeyValues(OrtEnvironment environment, DecoderInterface decoder, int capacity) {
        this.environment = environment;
        this.decoder = decoder;
        this.capacity = capacity;
        for (DecoderInterface.State state : decoder.states()) {
            long steps = state.timeAxis() < 0 ? 1 : capacity;
            long bytes = state.outer() * steps * state.inner() * state.type().size;
            past.add(Buffers.allocate(bytes));
            present.add(Buffers.allocate(bytes));
        }
    }

    @Override
    public void bind(
            Map<String, OnnxTensor> inputs, Map<String, OnnxValue> outputs, int length, int tokens)
            throws OrtException {
        release();
        for (int i = 0; i < past.size(); i++) {
            DecoderInterface.State state = decoder.states().get(i);
            OnnxTensor in = tensor(past.get(i), state, length);
            bound.add(in);
            inputs.put(state.input(), in);
            OnnxTensor out = tensor(present.get(i), state, length + tokens);
            bound.add(out);
            outputs.put(state.output(), out);
        }
    }

    @Override
    public void commit(int length) {
        for (int i = 0; i < past.size(); i++) {
            past.set(i, present.set(i, past.get(i)));
        }
    }

    @Override
    public void cut(int from, int to) {
        for (int i = 0; i < past.size(); i++) {
            DecoderInterface.State state = decoder.states().get(i);
            if (state.timeAxis() < 0) {
                if (to != 0) {
                    throw new IllegalStateException(
                            state.input() + " has no time axis and cannot be cut");
                }
                zero(past.get(i));
                continue;
            }
            int row = state.inner() * state.type().size;
            ByteBuffer buffer = past.get(i);
            // Rows move towards the front only, head by head, so nothing is overwritten unread.
            for (int head = 1; head < state.outer(); head++) {
                buffer.put(head * to * row, buffer, head * from * row, to * row);
            }
        }
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public void read(int length, int from, int to, ByteBuffer target) {
        for (int i = 0; i < past.size(); i++) {
            DecoderInterface.State state = decoder.states().get(i);
            int row = state.inner() * state.type().size;
            for (int head = 0; head < state.outer(); head++) {
                int start = (head * length + from) * row;
                target.put(past.get(i).slice(start, (to - from) * row));
            }
        }
    }

    @Override
    public void append(int from, int to, ByteBuffer source) {
        for (int i = 0; i < past.size(); i++) {
            DecoderInterface.State state = decoder.states().get(i);
            int row = state.inner() * state.type().size;
            int bytes = (to - from) * row;
            ByteBuffer buffer = past.get(i);
            int end = source.position() + state.outer() * bytes;
            // Rows move towards the end, the last head first, so nothing is overwritten unread.
            for (int head = state.outer() - 1; head >= 0; head--) {
                buffer.put(head * to * row, buffer, head * from * row, from * row);
                int piece = source.position() + head * bytes;
                buffer.put((head * to + from) * row, source, piece, bytes);
            }
            source.position(end);
        }
    }

    @Override
    public void copyFrom(KeyValues other, int length) {
        GrowingKeyValues source = (GrowingKeyValues) other;
        for (int i = 0; i < past.size(); i++) {
            DecoderInterface.State state = decoder.states().get(i);
            int steps = state.timeAxis() < 0 ? 1 : length;
            int bytes = state.outer() * steps * state.inner() * state.type().size;
            past.get(i).put(0, source.past.get(i), 0, bytes);
        }
    }

    @Override
    public void close() {
        release();
        past.forEach(Buffers::free);
        past.clear();
        present.forEach(Buffers::free);
        present.clear();
    }

    private OnnxTensor tensor(ByteBuffer buffer, DecoderInterface.State state, int length)
            throws OrtException {
        int steps = state.timeAxis() < 0 ? 1 : length;
        int bytes = state.outer() * steps * state.inner() * state.type().size;
        ByteBuffer view = buffer.slice(0, bytes).order(buffer.order());
        return OnnxTensor.createTensor(environment, view, state.at(length), state.type());
    }

    private void release() {
        bound.forEach(OnnxTensor::close);
        bound.clear();
    }

    private static void zero(ByteBuffer buffer) {
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.put(i, (byte) 0);
        }
    }
}
