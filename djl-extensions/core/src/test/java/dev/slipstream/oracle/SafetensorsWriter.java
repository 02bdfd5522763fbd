package dev.slipstream.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes tensors as safetensors files, in one file or in shards with their index. */
final class SafetensorsWriter {
    private record Tensor(int[] shape, float[] values) {}

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final String elementType;

    /**
     * Constructs a writer.
     *
     * @param elementType F32, F16 or BF16; values are rounded to the nearest
     */
    SafetensorsWriter(String elementType) {
        this.elementType = elementType;
    }

    void add(String name, float[] values, int... shape) {
        tensors.put(name, new Tensor(shape, values));
    }

    /** Tensor i goes to shard i mod {@code shards}; one shard is the plain single file. */
    void write(Path directory, int shards) throws IOException {
        JsonObject map = new JsonObject();
        long total = 0;
        for (int shard = 0; shard < shards; shard++) {
            String file =
                    shards == 1
                            ? "model.safetensors"
                            : String.format(
                                    Locale.ROOT,
                                    "model-%05d-of-%05d.safetensors",
                                    shard + 1,
                                    shards);
            List<String> names = new ArrayList<>();
            int i = 0;
            for (String name : tensors.keySet()) {
                if (i++ % shards == shard) {
                    names.add(name);
                    map.addProperty(name, file);
                }
            }
            total += write(directory.resolve(file), names);
        }
        if (shards > 1) {
            JsonObject metadata = new JsonObject();
            metadata.addProperty("total_size", total);
            JsonObject index = new JsonObject();
            index.add("metadata", metadata);
            index.add("weight_map", map);
            Files.writeString(directory.resolve("model.safetensors.index.json"), index.toString());
        }
    }

    private long write(Path file, List<String> names) throws IOException {
        JsonObject metadata = new JsonObject();
        metadata.addProperty("format", "pt");
        JsonObject header = new JsonObject();
        header.add("__metadata__", metadata);
        int width = elementType.equals("F32") ? 4 : 2;
        int size = 0;
        for (String name : names) {
            Tensor tensor = tensors.get(name);
            JsonArray shape = new JsonArray();
            for (int dimension : tensor.shape) {
                shape.add(dimension);
            }
            JsonArray offsets = new JsonArray();
            offsets.add(size);
            size += width * tensor.values.length;
            offsets.add(size);
            JsonObject entry = new JsonObject();
            entry.addProperty("dtype", elementType);
            entry.add("shape", shape);
            entry.add("data_offsets", offsets);
            header.add(name, entry);
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        // The format pads its header with spaces to a multiple of eight bytes.
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer bytes = ByteBuffer.allocate(8 + padded + size).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(padded).put(json);
        while (bytes.position() < 8 + padded) {
            bytes.put((byte) ' ');
        }
        for (String name : names) {
            for (float value : tensors.get(name).values) {
                switch (elementType) {
                    case "F32" -> bytes.putFloat(value);
                    case "F16" -> bytes.putShort(half(value));
                    case "BF16" -> bytes.putShort(brain(value));
                    default -> throw new IllegalArgumentException("element type " + elementType);
                }
            }
        }
        Files.write(file, bytes.array());
        return size;
    }

    /** Rounds to the nearest IEEE 754 binary16, to even among equals. */
    static short half(float value) {
        double magnitude = Math.abs((double) value);
        int sign = value < 0 ? 0x8000 : 0;
        if (magnitude >= 65520) {
            return (short) (sign | 0x7c00);
        }
        int exponent = Math.max(-14, magnitude == 0 ? -14 : Math.getExponent(magnitude));
        // In units of the last place; carries into the exponent by plain addition.
        int units = (int) Math.rint(Math.scalb(magnitude, 10 - exponent));
        int bits = units < 1024 ? units : (exponent + 15 << 10) + units - 1024;
        return (short) (sign | bits);
    }

    /** Rounds to the nearest bfloat16, to even among equals. */
    static short brain(float value) {
        int bits = Float.floatToIntBits(value);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
