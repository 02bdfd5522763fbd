package dev.slipstream.samples.benchmarks.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads GGUF as its specification says, value by value: the oracle for the writer. */
final class PlainGguf {
    record Info(long[] dimensions, int type, long offset) {
        int elements() {
            long elements = 1;
            for (long dimension : dimensions) {
                elements *= dimension;
            }
            return (int) elements;
        }
    }

    final Map<String, Object> metadata = new LinkedHashMap<>();
    final Map<String, Info> tensors = new LinkedHashMap<>();
    private final ByteBuffer bytes;
    private final int dataStart;

    PlainGguf(Path file) throws IOException {
        bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.getInt() != 0x46554747 || bytes.getInt() != 3) {
            throw new IOException("no GGUF of version 3");
        }
        long tensorCount = bytes.getLong();
        long keyCount = bytes.getLong();
        for (long i = 0; i < keyCount; i++) {
            metadata.put(string(), value(bytes.getInt()));
        }
        for (long i = 0; i < tensorCount; i++) {
            String name = string();
            long[] dimensions = new long[bytes.getInt()];
            for (int d = 0; d < dimensions.length; d++) {
                dimensions[d] = bytes.getLong();
            }
            tensors.put(name, new Info(dimensions, bytes.getInt(), bytes.getLong()));
        }
        dataStart = (bytes.position() + 31) / 32 * 32;
    }

    private String string() {
        byte[] utf8 = new byte[(int) bytes.getLong()];
        bytes.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private Object value(int type) {
        return switch (type) {
            case 4, 5 -> bytes.getInt();
            case 6 -> bytes.getFloat();
            case 7 -> bytes.get() == 1;
            case 8 -> string();
            case 9 -> {
                int elementType = bytes.getInt();
                long length = bytes.getLong();
                List<Object> list = new ArrayList<>();
                for (long i = 0; i < length; i++) {
                    list.add(value(elementType));
                }
                yield list;
            }
            default -> throw new IllegalArgumentException("type " + type);
        };
    }

    /** Returns all values of a tensor. */
    float[] values(String name) {
        Info info = tensors.get(name);
        float[] values = new float[info.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(info, i);
        }
        return values;
    }

    /** Returns the scale that an element of a quantised tensor is multiplied with. */
    float scale(String name, int element) {
        Info info = tensors.get(name);
        int at = dataStart + (int) info.offset + element / 32 * (info.type == 8 ? 34 : 18);
        return half(bytes.getShort(at));
    }

    private float value(Info info, int i) {
        int at = dataStart + (int) info.offset;
        int inBlock = i % 32;
        switch (info.type) {
            case 0:
                return bytes.getFloat(at + 4 * i);
            case 8:
                at += i / 32 * 34;
                return half(bytes.getShort(at)) * bytes.get(at + 2 + inBlock);
            case 2:
                at += i / 32 * 18;
                int pair = bytes.get(at + 2 + inBlock % 16);
                int nibble = inBlock < 16 ? pair & 15 : pair >> 4 & 15;
                return half(bytes.getShort(at)) * (nibble - 8);
            default:
                throw new IllegalArgumentException("type " + info.type);
        }
    }

    private static float half(short bits) {
        int exponent = bits >> 10 & 31;
        double fraction = (bits & 1023) / 1024.0;
        double magnitude =
                exponent == 0 ? Math.scalb(fraction, -14) : Math.scalb(1 + fraction, exponent - 15);
        return (float) (bits < 0 ? -magnitude : magnitude);
    }
}
