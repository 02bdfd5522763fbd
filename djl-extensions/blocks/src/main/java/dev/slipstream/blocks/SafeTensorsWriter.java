package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/** Writes arrays as one safetensors file. */
public final class SafeTensorsWriter {
    private SafeTensorsWriter() {}

    /**
     * Writes a new file, and returns when its bytes are on the disk.
     *
     * @param file its place, where nothing is yet
     * @param arrays 32-bit floats by name, in the order of the file
     * @param type how they are stored
     * @throws IOException if it cannot be written, or a weight is beyond the range of the type
     */
    public static void write(Path file, Map<String, NDArray> arrays, StoredType type)
            throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] header = header(arrays, type);
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            write(channel, length.putLong(0, header.length));
            write(channel, ByteBuffer.wrap(header));
            for (Map.Entry<String, NDArray> entry : arrays.entrySet()) {
                write(channel, bytes(file, entry.getKey(), entry.getValue(), type));
            }
            channel.force(true);
        }
    }

    private static byte[] header(Map<String, NDArray> arrays, StoredType type) {
        JsonObject header = new JsonObject();
        JsonObject metadata = new JsonObject();
        metadata.addProperty("format", "pt");
        header.add("__metadata__", metadata);
        long offset = 0;
        for (Map.Entry<String, NDArray> entry : arrays.entrySet()) {
            JsonArray shape = new JsonArray();
            for (long dimension : entry.getValue().getShape().getShape()) {
                shape.add(dimension);
            }
            JsonArray offsets = new JsonArray();
            offsets.add(offset);
            offset += entry.getValue().size() * type.type().getNumOfBytes();
            offsets.add(offset);
            JsonObject tensor = new JsonObject();
            tensor.addProperty("dtype", type.code());
            tensor.add("shape", shape);
            tensor.add("data_offsets", offsets);
            header.add(entry.getKey(), tensor);
        }
        String text = header.toString();
        // The weights after it begin at a multiple of eight.
        return (text + " ".repeat(-text.length() & 7)).getBytes(StandardCharsets.UTF_8);
    }

    private static ByteBuffer bytes(Path file, String name, NDArray array, StoredType type)
            throws IOException {
        if (type.type() == DataType.FLOAT32) {
            return array.toByteBuffer();
        }
        try (NDArray narrow = array.toType(type.type(), true);
                NDArray infinite = narrow.isInfinite();
                NDArray any = infinite.any()) {
            if (any.getBoolean()) {
                throw new IOException(
                        "%s: %s: expected weights within the range of %s, found larger ones; store them as FLOAT32"
                                .formatted(file, name, type));
            }
            ByteBuffer bytes = narrow.toByteBuffer();
            // The array's own memory may be behind it.
            ByteBuffer copy = ByteBuffer.allocate(bytes.remaining());
            return copy.put(bytes).flip();
        }
    }

    private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
