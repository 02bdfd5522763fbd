package dev.slipstream.checkpoint;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.slipstream.graph.ElementType;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The header of one safetensors file: 8 bytes of length, a JSON object, the tensors' bytes one
 * after another without a gap. All of it is checked before any tensor is handed out.
 */
final class SafeTensorsFile {
    /** The limit of the format's own reader; it keeps a damaged length from taking the heap. */
    private static final long LONGEST_HEADER = 100_000_000;

    private static final Map<String, ElementType> TYPES =
            Map.ofEntries(
                    Map.entry("F64", ElementType.DOUBLE),
                    Map.entry("F32", ElementType.FLOAT),
                    Map.entry("F16", ElementType.FLOAT16),
                    Map.entry("BF16", ElementType.BFLOAT16),
                    Map.entry("I64", ElementType.INT64),
                    Map.entry("I32", ElementType.INT32),
                    Map.entry("I16", ElementType.INT16),
                    Map.entry("I8", ElementType.INT8),
                    Map.entry("U64", ElementType.UINT64),
                    Map.entry("U32", ElementType.UINT32),
                    Map.entry("U16", ElementType.UINT16),
                    Map.entry("U8", ElementType.UINT8),
                    Map.entry("BOOL", ElementType.BOOL));

    /**
     * One tensor's entry.
     *
     * @param file name of the file that holds it
     * @param offset of its first byte, from the beginning of the file
     * @param length number of its bytes
     */
    record Entry(String file, ElementType type, List<Long> shape, long offset, long length) {}

    private final String file;
    private final String where;
    private final long dataStart;
    private final long dataLength;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private SafeTensorsFile(String file, String where, long dataStart, long dataLength) {
        this.file = file;
        this.where = where;
        this.dataStart = dataStart;
        this.dataLength = dataLength;
    }

    /** Returns the entries of a file by name. */
    static Map<String, Entry> read(ModelFiles files, String file) {
        String where = files.location() + "/" + file;
        try {
            long size = files.size(file);
            if (size < 8) {
                throw new CheckpointException(
                        where
                                + ": expected 8 bytes of header length, found a file of "
                                + size
                                + "; it is cut off, copy it again");
            }
            long length = files.bytes(file, 0, 8).getLong(0);
            if (length < 2 || length > size - 8) {
                throw new CheckpointException(
                        "%s: expected a header of 2 to %d bytes, found the length %s; the file is cut off or not safetensors, copy it again"
                                .formatted(where, size - 8, Long.toUnsignedString(length)));
            }
            if (length > LONGEST_HEADER) {
                throw new CheckpointException(
                        "%s: expected a header of at most %d bytes, found %d"
                                .formatted(where, LONGEST_HEADER, length));
            }
            String header = utf8(where, files.bytes(file, 8, length));
            SafeTensorsFile tensors =
                    new SafeTensorsFile(file, where, 8 + length, size - 8 - length);
            tensors.parse(header);
            tensors.checkLayout();
            return tensors.entries;
        } catch (IOException e) {
            throw new CheckpointException(where + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static String utf8(String where, ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new CheckpointException(
                    where + ": header: expected UTF-8, found other bytes; copy the file again", e);
        }
    }

    private void parse(String header) {
        if (!header.startsWith("{")) {
            throw damaged("a JSON object", "a header that begins with another character", null);
        }
        // The streaming reader sees a name that comes twice; a parsed object would hide one.
        JsonReader json = new JsonReader(new StringReader(header));
        json.setStrictness(Strictness.STRICT);
        try {
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                if (name.equals("__metadata__")) {
                    json.skipValue();
                } else if (entries.put(name, entry(name, json)) != null) {
                    throw wrong(name, "one tensor of this name", "two");
                }
            }
            json.endObject();
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw damaged("one JSON object", "more after it", null);
            }
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw damaged("a JSON object of tensors", e.getMessage(), e);
        }
    }

    private Entry entry(String name, JsonReader json) throws IOException {
        String dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "dtype" -> dtype = json.nextString();
                case "shape" -> shape = integers(name, json);
                case "data_offsets" -> offsets = integers(name, json);
                default -> json.skipValue();
            }
        }
        json.endObject();
        if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
            throw wrong(
                    name,
                    "dtype, shape and two data_offsets",
                    "dtype %s, shape %s, data_offsets %s".formatted(dtype, shape, offsets));
        }
        ElementType type = TYPES.get(dtype);
        if (type == null) {
            throw new CheckpointException(
                    "%s: %s: unknown dtype %s found; known: %s; take the model's F32, F16 or BF16 weights"
                            .formatted(
                                    where, name, dtype, TYPES.keySet().stream().sorted().toList()));
        }
        long start = offsets.get(0);
        long end = offsets.get(1);
        if (end < start || end > dataLength) {
            throw wrong(
                    name,
                    "data_offsets inside the %d bytes of data".formatted(dataLength),
                    offsets + "; the file is cut off, copy it again");
        }
        long bytes = bytes(name, type, shape);
        if (bytes != end - start) {
            throw wrong(
                    name,
                    "%d bytes for %s%s".formatted(bytes, dtype, shape),
                    "%d at data_offsets %s".formatted(end - start, offsets));
        }
        return new Entry(file, type, shape, dataStart + start, bytes);
    }

    private long bytes(String name, ElementType type, List<Long> shape) {
        try {
            long elements = 1;
            for (long dimension : shape) {
                elements = Math.multiplyExact(elements, dimension);
            }
            return type.bytes(elements);
        } catch (ArithmeticException e) {
            throw wrong(name, "a shape of fewer than 2^63 bits", shape);
        }
    }

    private List<Long> integers(String name, JsonReader json) throws IOException {
        List<Long> integers = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            long value = json.nextLong();
            if (value < 0) {
                throw wrong(name, "numbers of 0 or more", value);
            }
            integers.add(value);
        }
        json.endArray();
        return List.copyOf(integers);
    }

    /** The format allows neither a gap nor an overlap, so the tensors cover the file exactly. */
    private void checkLayout() {
        List<Map.Entry<String, Entry>> ordered = new ArrayList<>(entries.entrySet());
        ordered.sort(
                Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().offset())
                        .thenComparingLong(e -> e.getValue().length()));
        long end = dataStart;
        String before = "the header";
        for (Map.Entry<String, Entry> tensor : ordered) {
            long offset = tensor.getValue().offset();
            if (offset != end) {
                throw wrong(
                        tensor.getKey(),
                        "data_offsets from %d, where %s ends".formatted(end - dataStart, before),
                        "%d, %s; the file is damaged, copy it again"
                                .formatted(
                                        offset - dataStart, offset < end ? "an overlap" : "a gap"));
            }
            end += tensor.getValue().length();
            before = tensor.getKey();
        }
        if (end != dataStart + dataLength) {
            throw new CheckpointException(
                    "%s: expected the file to end where %s does, at byte %d, found %d bytes; the file is damaged, copy it again"
                            .formatted(where, before, end, dataStart + dataLength));
        }
    }

    private CheckpointException wrong(String tensor, String expected, Object found) {
        return new CheckpointException(
                "%s: %s: expected %s, found %s".formatted(where, tensor, expected, found));
    }

    private CheckpointException damaged(
            String expected, @Nullable String found, @Nullable Exception cause) {
        String message =
                "%s: header: expected %s, found %s; the file is damaged or not safetensors, copy it again"
                        .formatted(where, expected, found);
        return cause == null
                ? new CheckpointException(message)
                : new CheckpointException(message, cause);
    }
}
