package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The files beside a model that hold its large tensors.
 *
 * <p>A model may come from anyone, so what it refers to must lie in its own directory: else a
 * tensor could be any file that the process may read.
 */
final class ExternalData {
    private final Path model;
    private final Path directory;
    private final ByteBuffer mapped;

    /**
     * Constructs the data of one model.
     *
     * @param model the model file
     * @param mapped its bytes; locations that name the model file itself are slices of it
     */
    ExternalData(Path model, ByteBuffer mapped) {
        this.model = model;
        this.directory = model.toAbsolutePath().getParent();
        this.mapped = mapped;
    }

    /**
     * Maps the values of one tensor.
     *
     * @param tensor a tensor whose data location is external
     * @param bytes how many bytes its shape and type take
     */
    ByteBuffer map(TensorProto tensor, int bytes) throws IOException {
        Map<String, String> reference = new HashMap<>();
        for (StringStringEntryProto entry : tensor.getExternalDataList()) {
            reference.put(entry.getKey(), entry.getValue());
        }
        String location = reference.getOrDefault("location", "");
        long offset = number(tensor, reference, "offset", 0);
        long length = number(tensor, reference, "length", bytes);
        if (length != bytes) {
            throw refusal(
                    tensor,
                    location,
                    "%s%s takes %d bytes, but a length of %d is given"
                            .formatted(
                                    ElementType.of(tensor.getDataType()),
                                    tensor.getDimsList(),
                                    bytes,
                                    length));
        }
        if (location.equals(String.valueOf(model.getFileName()))) {
            requireInside(tensor, location, offset, bytes, mapped.capacity());
            return mapped.slice((int) offset, bytes);
        }
        try (FileChannel channel = FileChannel.open(resolve(tensor, location))) {
            requireInside(tensor, location, offset, bytes, channel.size());
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, bytes);
        }
    }

    private Path resolve(TensorProto tensor, String location) throws IOException {
        Path relative;
        try {
            relative = Path.of(location);
        } catch (InvalidPathException e) {
            throw refusal(tensor, location, "expected a relative path, found none");
        }
        if (location.isEmpty() || relative.isAbsolute() || relative.getRoot() != null) {
            throw refusal(
                    tensor,
                    location,
                    "expected a path relative to the model; external data elsewhere are refused");
        }
        Path path = directory.resolve(relative).normalize();
        if (path.startsWith(directory.normalize())) {
            if (!Files.isRegularFile(path)) {
                throw refusal(
                        tensor,
                        location,
                        "expected the file %s, found none; copy it beside the model"
                                .formatted(path));
            }
            // In Hugging Face's cache model and data are links to neighbours in another directory.
            Path real = path.toRealPath();
            if (real.startsWith(directory.toRealPath())
                    || real.startsWith(model.toRealPath().getParent())) {
                return real;
            }
        }
        throw refusal(
                tensor,
                location,
                "lies outside the model's directory %s, which is refused; move it inside"
                        .formatted(directory));
    }

    private void requireInside(
            TensorProto tensor, String location, long offset, int bytes, long size) {
        if (offset > size - bytes) {
            throw refusal(
                    tensor,
                    location,
                    "expected %d bytes from %d on, but the file has %d; it is cut off, copy it again"
                            .formatted(bytes, offset, size));
        }
    }

    private long number(
            TensorProto tensor, Map<String, String> reference, String key, long missing) {
        String text = reference.get(key);
        if (text == null) {
            return missing;
        }
        try {
            long number = Long.parseLong(text.strip());
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The same message as for a negative number says it all.
        }
        throw refusal(
                tensor,
                reference.getOrDefault("location", ""),
                "expected a number of bytes as %s, found '%s'".formatted(key, text));
    }

    private GraphException refusal(TensorProto tensor, String location, String why) {
        return new GraphException(
                "%s: tensor %s, external data '%s': %s"
                        .formatted(model, tensor.getName(), location, why));
    }
}
