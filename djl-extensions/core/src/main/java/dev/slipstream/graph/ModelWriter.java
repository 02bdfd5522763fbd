package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import com.google.protobuf.UnsafeByteOperations;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Turns a model into its serialised form, small tensors inside and large ones beside. */
final class ModelWriter {
    private static final int SMALLEST_EXTERNAL = 1024;

    /** A page: a mapped tensor starts where ONNX Runtime's vector code likes it. */
    private static final long ALIGNMENT = 4096;

    private ModelWriter() {}

    /** One stored tensor: its bytes and where in the data file they start. */
    record Stored(ByteBuffer bytes, long offset) {}

    /** A serialised model and the content of its data file, in the order of the offsets. */
    record Written(ModelProto model, List<Stored> data) {}

    static boolean large(Tensor tensor) {
        return tensor.data().remaining() >= SMALLEST_EXTERNAL;
    }

    /** Says whether a session should be handed this tensor as an {@code OnnxTensor}. */
    static boolean suppliable(Tensor tensor) {
        return large(tensor)
                && switch (tensor.type()) {
                    case UINT16, UINT32, UINT64, UINT4, INT4 -> false;
                    default -> true;
                };
    }

    /**
     * Serialises a model.
     *
     * @param external which tensors to leave out
     * @param location the file that holds them
     */
    static Written proto(OnnxModel model, Predicate<Tensor> external, String location) {
        List<Stored> data = new ArrayList<>();
        Map<Integer, List<Stored>> bySize = new HashMap<>();
        GraphProto.Builder graph = model.header().getGraph().toBuilder();
        for (Map.Entry<String, Tensor> entry : model.initializers().entrySet()) {
            Tensor tensor = entry.getValue();
            TensorProto.Builder proto =
                    TensorProto.newBuilder()
                            .setName(entry.getKey())
                            .setDataType(tensor.type().code())
                            .addAllDims(tensor.shape());
            if (external.test(tensor)) {
                ByteBuffer bytes = tensor.data();
                // Tied weights are equal under two shapes. Unequal ones differ in the first bytes,
                // so the comparison reads little.
                Stored stored =
                        bySize
                                .computeIfAbsent(bytes.remaining(), size -> new ArrayList<>())
                                .stream()
                                .filter(s -> s.bytes().equals(bytes))
                                .findFirst()
                                .orElse(null);
                if (stored == null) {
                    stored = new Stored(bytes, nextOffset(data));
                    data.add(stored);
                    bySize.get(bytes.remaining()).add(stored);
                }
                proto.setDataLocation(DataLocation.EXTERNAL)
                        .addExternalData(property("location", location))
                        .addExternalData(property("offset", Long.toString(stored.offset())))
                        .addExternalData(property("length", Integer.toString(bytes.remaining())));
            } else {
                proto.setRawData(UnsafeByteOperations.unsafeWrap(tensor.data()));
            }
            graph.addInitializer(proto);
        }
        graph.addAllInput(model.inputs())
                .addAllOutput(model.outputs())
                .addAllNode(NodeOrder.sort(model.nodes(), "graph " + model.name()));
        ModelProto.Builder proto =
                model.header().toBuilder().setGraph(graph).addAllFunctions(model.functions());
        model.opsets()
                .forEach(
                        (domain, version) ->
                                proto.addOpsetImport(
                                        OperatorSetIdProto.newBuilder()
                                                .setDomain(domain)
                                                .setVersion(version)));
        model.metadata().forEach((key, value) -> proto.addMetadataProps(property(key, value)));
        return new Written(proto.build(), data);
    }

    static void write(OnnxModel model, Path file) throws IOException {
        Path target = file.toAbsolutePath();
        Path dataTarget = target.resolveSibling(target.getFileName() + ".data");
        Written written =
                proto(model, ModelWriter::large, String.valueOf(dataTarget.getFileName()));
        Path temporary = temporary(target);
        Path dataTemporary = temporary(target);
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(temporary))) {
                written.model().writeTo(out);
            }
            writeData(written.data(), dataTemporary);
            if (!written.data().isEmpty()) {
                Files.deleteIfExists(target);
                move(dataTemporary, dataTarget);
            }
            move(temporary, target);
        } finally {
            Files.deleteIfExists(temporary);
            Files.deleteIfExists(dataTemporary);
        }
    }

    private static void writeData(List<Stored> data, Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (Stored stored : data) {
                ByteBuffer bytes = stored.bytes().duplicate();
                channel.position(stored.offset());
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        }
    }

    private static long nextOffset(List<Stored> data) {
        if (data.isEmpty()) {
            return 0;
        }
        Stored last = data.get(data.size() - 1);
        long end = last.offset() + last.bytes().remaining();
        return (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static Path temporary(Path target) throws IOException {
        // Not createTempFile, whose file nobody else may read: the model is for others too.
        Path path;
        int attempt = 0;
        do {
            path = target.resolveSibling("." + target.getFileName() + "." + attempt++ + ".part");
        } while (Files.exists(path));
        return Files.createFile(path);
    }

    private static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static StringStringEntryProto property(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
}
