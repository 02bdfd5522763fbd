package dev.slipstream.samples.benchmarks.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The keys and values at the beginning of a GGUF file, as bytes. */
final class GgufMetadata {
    private static final int UINT32 = 4;
    private static final int INT32 = 5;
    private static final int FLOAT32 = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int count;

    void text(String key, String value) {
        key(key, STRING);
        string(bytes, value);
    }

    void number(String key, long value) {
        key(key, UINT32);
        int32(bytes, Math.toIntExact(value));
    }

    void real(String key, double value) {
        key(key, FLOAT32);
        int32(bytes, Float.floatToIntBits((float) value));
    }

    void flag(String key, boolean value) {
        key(key, BOOL);
        bytes.write(value ? 1 : 0);
    }

    void texts(String key, List<String> values) {
        array(key, STRING, values.size());
        values.forEach(value -> string(bytes, value));
    }

    void numbers(String key, int[] values) {
        array(key, INT32, values.length);
        for (int value : values) {
            int32(bytes, value);
        }
    }

    void reals(String key, float[] values) {
        array(key, FLOAT32, values.length);
        for (float value : values) {
            int32(bytes, Float.floatToIntBits(value));
        }
    }

    /** Returns how many keys there are. */
    int count() {
        return count;
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }

    static void string(ByteArrayOutputStream out, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        int64(out, utf8.length);
        out.writeBytes(utf8);
    }

    static void int32(ByteArrayOutputStream out, int value) {
        out.writeBytes(buffer(Integer.BYTES).putInt(value).array());
    }

    static void int64(ByteArrayOutputStream out, long value) {
        out.writeBytes(buffer(Long.BYTES).putLong(value).array());
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void array(String key, int type, int length) {
        key(key, ARRAY);
        int32(bytes, type);
        int64(bytes, length);
    }

    private void key(String key, int type) {
        string(bytes, key);
        int32(bytes, type);
        count++;
    }
}
