package dev.slipstream.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExternalDataTest {
    private static final byte[] SECRET = {1, 2, 3, 4};

    @TempDir Path root;
    private Path directory;

    @BeforeEach
    void makeDirectoryAndNeighbour() throws IOException {
        directory = Files.createDirectories(root.resolve("model"));
        Files.write(root.resolve("secret"), SECRET);
    }

    @Test
    void mapsTensorsBeyondTwoGibibytes() throws IOException {
        long offset = 2_500_000_000L;
        try (RandomAccessFile data =
                new RandomAccessFile(directory.resolve("big").toFile(), "rw")) {
            data.setLength(3_000_000_000L);
            data.seek(offset + 1);
            data.write(SECRET);
        }
        Tensor tensor = read(8, Map.of("location", "big", "offset", Long.toString(offset)));
        assertThat(tensor.data()).isEqualTo(ByteBuffer.wrap(new byte[] {0, 1, 2, 3, 4, 0, 0, 0}));
        assertThat(tensor.data().isDirect()).isTrue();
        assertThat(tensor.data().isReadOnly()).isTrue();
        // A tensor larger than a ByteBuffer: named, not wrapped around.
        assertRefused(2_999_999_999L, Map.of("location", "big"), "2 GiB");
    }

    @Test
    void readsDataBelowTheModelAndThroughLinksThatStayInside() throws IOException {
        Files.createDirectories(directory.resolve("sub"));
        Files.write(directory.resolve("sub/data"), SECRET);
        Files.createSymbolicLink(directory.resolve("link"), Path.of("sub/data"));
        for (String location : new String[] {"sub/data", "./sub/data", "sub/../sub/data", "link"}) {
            assertThat(read(4, Map.of("location", location)).data())
                    .as(location)
                    .isEqualTo(ByteBuffer.wrap(SECRET));
        }
    }

    @Test
    void readsModelAndDataThatAreLinksIntoOneStore() throws IOException {
        Path store = Files.createDirectories(root.resolve("blobs"));
        Files.write(store.resolve("d"), SECRET);
        Files.move(write(4, Map.of("location", "data")), store.resolve("m"));
        Files.createSymbolicLink(directory.resolve("data"), Path.of("../blobs/d"));
        Path file = directory.resolve("model.onnx");
        Files.createSymbolicLink(file, Path.of("../blobs/m"));
        assertThat(OnnxModel.read(file).initializers().get("w").data())
                .isEqualTo(ByteBuffer.wrap(SECRET));
    }

    @Test
    void readsExternalTensorsInsideSubgraphs() throws IOException {
        Files.write(directory.resolve("data"), SECRET);
        ModelProto.Builder proto = model();
        GraphProto.Builder branch =
                proto.getGraphBuilder()
                        .addNodeBuilder()
                        .setOpType("If")
                        .addInput("w")
                        .addOutput("y")
                        .addAttributeBuilder()
                        .setName("then_branch")
                        .getGBuilder();
        branch.addInitializer(tensor("inner", 4, Map.of("location", "data")));
        branch.addOutputBuilder().setName("inner");
        proto.getGraphBuilder().addInputBuilder().setName("w");
        Path file = Files.write(directory.resolve("model.onnx"), proto.build().toByteArray());
        TensorProto inner =
                OnnxModel.read(file).nodes().get(0).getAttribute(0).getG().getInitializer(0);
        assertThat(inner.getRawData().toByteArray()).isEqualTo(SECRET);
        assertThat(inner.getDataLocation()).isEqualTo(DataLocation.DEFAULT);
    }

    @Test
    void refusesDataOutsideTheModelsDirectory() throws IOException {
        String absolute = root.resolve("secret").toAbsolutePath().toString();
        assertRefused(4, Map.of("location", absolute), "w", absolute, "relative");
        assertRefused(4, Map.of("location", "../secret"), "w", "../secret", "outside");
        assertRefused(4, Map.of("location", "a/../../secret"), "a/../../secret", "outside");
        assertRefused(4, Map.of("location", "../model2"), "outside");
        Files.createSymbolicLink(directory.resolve("link"), root.resolve("secret"));
        assertRefused(4, Map.of("location", "link"), "w", "'link'", "outside");
        Files.createSymbolicLink(directory.resolve("sub"), root);
        assertRefused(4, Map.of("location", "sub/secret"), "outside");
        assertRefused(4, Map.of(), "relative");
        assertRefused(4, Map.of("location", "a\0b"), "expected a relative path");
    }

    @Test
    void namesMissingAndShortFilesAndNumbersThatAreNone() throws IOException {
        assertRefused(4, Map.of("location", "none"), "w", "none", "copy it beside the model");
        Files.write(directory.resolve("data"), new byte[10]);
        assertRefused(11, Map.of("location", "data"), "w", "11 bytes", "the file has 10");
        assertRefused(4, Map.of("location", "data", "offset", "7"), "from 7 on");
        assertRefused(4, Map.of("location", "data", "offset", "9223372036854775807"), "from 92");
        assertRefused(4, Map.of("location", "data", "offset", "-1"), "offset, found '-1'");
        assertRefused(4, Map.of("location", "data", "offset", "x"), "offset, found 'x'");
        assertRefused(4, Map.of("location", "data", "length", "5"), "takes 4 bytes", "of 5");
    }

    @Test
    void readsNothingFromAnEmptyTensor() throws IOException {
        Files.write(directory.resolve("data"), new byte[0]);
        assertThat(read(0, Map.of("location", "data")).elements()).isZero();
    }

    private Tensor read(long bytes, Map<String, String> reference) throws IOException {
        return OnnxModel.read(write(bytes, reference)).initializers().get("w");
    }

    private void assertRefused(long bytes, Map<String, String> reference, String... parts)
            throws IOException {
        Path file = write(bytes, reference);
        assertThatThrownBy(() -> OnnxModel.read(file))
                .isInstanceOf(GraphException.class)
                .hasMessageContaining("model.onnx")
                .hasMessageContainingAll(parts);
    }

    private Path write(long bytes, Map<String, String> reference) throws IOException {
        ModelProto.Builder proto = model();
        proto.getGraphBuilder().addInitializer(tensor("w", bytes, reference));
        return Files.write(directory.resolve("model.onnx"), proto.build().toByteArray());
    }

    private static ModelProto.Builder model() {
        ModelProto.Builder proto = ModelProto.newBuilder().setIrVersion(10);
        proto.addOpsetImportBuilder().setVersion(21);
        proto.getGraphBuilder().setName("g");
        return proto;
    }

    private static TensorProto tensor(String name, long bytes, Map<String, String> reference) {
        TensorProto.Builder tensor =
                TensorProto.newBuilder()
                        .setName(name)
                        .setDataType(TensorProto.DataType.INT8_VALUE)
                        .addDims(bytes)
                        .setDataLocation(DataLocation.EXTERNAL);
        reference.forEach(
                (key, value) ->
                        tensor.addExternalData(
                                StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return tensor.build();
    }
}
