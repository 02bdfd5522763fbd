package dev.slipstream.oracle;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a Hugging Face directory, single or sharded, widened to floats.
 *
 * <p>A file is a little-endian int64 header length, a JSON header, and the tensors' bytes; offsets
 * count from the end of the header.
 */
final class OracleSafetensors {
    private final Map<String, float[]> values = new HashMap<>();
    private final Map<String, int[]> shapes = new HashMap<>();

    OracleSafetensors(Path directory) throws IOException {
        Path index = directory.resolve("model.safetensors.index.json");
        Set<String> files = new LinkedHashSet<>();
        if (Files.exists(index)) {
            JsonObject map = JsonParser.parseString(Files.readString(index)).getAsJsonObject();
            for (JsonElement file : map.getAsJsonObject("weight_map").asMap().values()) {
                files.add(file.getAsString());
            }
        } else {
            files.add("model.safetensors");
        }
        for (String file : files) {
            read(directory.resolve(file));
        }
    }

    boolean contains(String name) {
        return values.containsKey(name);
    }

    float[] tensor(String name, int... shape) {
        if (!values.containsKey(name)) {
            throw new IllegalArgumentException("no tensor " + name + " among " + values.keySet());
        }
        if (!Arrays.equals(shapes.get(name), shape)) {
            throw new IllegalArgumentException(
                    "tensor %s: expected %s, found %s"
                            .formatted(
                                    name,
                                    Arrays.toString(shape),
                                    Arrays.toString(shapes.get(name))));
        }
        return values.get(name);
    }

    private void read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] json = new byte[Math.toIntExact(bytes.getLong())];
        bytes.get(json);
        int data = bytes.position();
        JsonObject header =
                JsonParser.parseString(new String(json, StandardCharsets.UTF_8)).getAsJsonObject();
        header.remove("__metadata__");
        for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
            JsonObject tensor = entry.getValue().getAsJsonObject();
            int begin = tensor.getAsJsonArray("data_offsets").get(0).getAsInt();
            int end = tensor.getAsJsonArray("data_offsets").get(1).getAsInt();
            bytes.position(data + begin);
            int[] shape =
                    tensor.getAsJsonArray("shape").asList().stream()
                            .mapToInt(JsonElement::getAsInt)
                            .toArray();
            shapes.put(entry.getKey(), shape);
            values.put(
                    entry.getKey(),
                    floats(bytes, tensor.get("dtype").getAsString(), end - begin, shape));
        }
    }

    private static float[] floats(ByteBuffer bytes, String type, int size, int[] shape) {
        float[] result = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
        int width = type.equals("F32") ? 4 : 2;
        if (size != width * result.length) {
            throw new IllegalArgumentException(
                    "%d bytes for %d values of type %s".formatted(size, result.length, type));
        }
        for (int i = 0; i < result.length; i++) {
            result[i] =
                    switch (type) {
                        case "F32" -> bytes.getFloat();
                        case "F16" -> half(bytes.getShort());
                        case "BF16" -> Float.intBitsToFloat(bytes.getShort() << 16);
                        default -> throw new IllegalArgumentException("element type " + type);
                    };
        }
        return result;
    }

    /** IEEE 754 binary16: one sign bit, five exponent bits with bias 15, ten fraction bits. */
    static float half(short bits) {
        int exponent = bits >> 10 & 31;
        int fraction = bits & 1023;
        double magnitude =
                switch (exponent) {
                    case 0 -> fraction * 0x1p-24;
                    case 31 -> fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
                    default -> (1024 + fraction) * Math.pow(2, exponent - 25);
                };
        return (float) (bits < 0 ? -magnitude : magnitude);
    }
}
