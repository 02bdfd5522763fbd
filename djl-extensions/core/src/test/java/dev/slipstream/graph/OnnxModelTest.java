package dev.slipstream.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxModelTest {
    @TempDir Path directory;

    @Test
    void readsBackWhatItWrote() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20; i++) {
            OnnxModel model = randomModel(random);
            Path file = directory.resolve("model.onnx");
            model.write(file);
            OnnxModel read = OnnxModel.read(file);
            assertThat(read.initializers())
                    .as("seed %d, model %d", seed, i)
                    .isEqualTo(model.initializers());
            model.sort();
            assertThat(read.nodes()).as("seed %d, model %d", seed, i).isEqualTo(model.nodes());
            assertThat(read.inputs()).isEqualTo(model.inputs());
            assertThat(read.outputs()).isEqualTo(model.outputs());
            assertThat(read.functions()).isEqualTo(model.functions());
            assertThat(read.opsets()).isEqualTo(model.opsets());
            assertThat(read.metadata()).isEqualTo(model.metadata());
            assertThat(read.name()).isEqualTo(model.name());
            assertThat(read.toProto()).isEqualTo(model.toProto());
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("model.onnx", "model.onnx.data");
        }
    }

    @Test
    void replacesTheFilesThatItWasReadFrom() throws IOException {
        Path file = directory.resolve("model.onnx");
        OnnxModel model = randomModel(new Random(2));
        model.write(file);
        OnnxModel read = OnnxModel.read(file);
        read.initializers().remove("w.FLOAT");
        read.write(file);
        model.initializers().remove("w.FLOAT");
        assertThat(read.initializers()).isEqualTo(model.initializers());
        assertThat(OnnxModel.read(file).initializers()).isEqualTo(model.initializers());
    }

    @Test
    void storesLargeTensorsAlignedAndEqualOnesOnce() throws IOException {
        Random random = new Random(1);
        OnnxModel model = new OnnxModel("m");
        GraphBuilder builder = new GraphBuilder(model);
        Tensor embedding = Tensors.random(random, ElementType.UINT8, 50, 64);
        builder.initializer("embedding", embedding);
        builder.initializer("small", Tensors.random(random, ElementType.FLOAT, 255));
        builder.initializer("large", Tensors.random(random, ElementType.FLOAT, 256));
        builder.initializer("packed", Tensors.random(random, ElementType.INT4, 2049));
        builder.initializer(
                "head", new Tensor(ElementType.UINT8, List.of(50L, 2L, 32L), embedding.data()));
        Path file = directory.resolve("model.onnx");
        model.write(file);

        // The oracle: protobuf's own parser and plain reading of the data file.
        ModelProto proto = ModelProto.parseFrom(Files.readAllBytes(file));
        byte[] data = Files.readAllBytes(directory.resolve("model.onnx.data"));
        Map<String, TensorProto> tensors =
                proto.getGraph().getInitializerList().stream()
                        .collect(Collectors.toMap(TensorProto::getName, tensor -> tensor));
        assertThat(tensors.get("small").getRawData().asReadOnlyByteBuffer())
                .isEqualTo(model.initializers().get("small").data());
        for (String name : List.of("embedding", "large", "packed", "head")) {
            Map<String, String> reference = reference(tensors.get(name));
            assertThat(reference).containsEntry("location", "model.onnx.data");
            int offset = Integer.parseInt(reference.get("offset"));
            int length = Integer.parseInt(reference.get("length"));
            assertThat(offset % 4096).as(name).isZero();
            assertThat(ByteBuffer.wrap(data, offset, length))
                    .as(name)
                    .isEqualTo(model.initializers().get(name).data());
        }
        assertThat(reference(tensors.get("head"))).isEqualTo(reference(tensors.get("embedding")));
        assertThat(data).hasSize(8192 + 1025);
        // 4-bit tensors are no OnnxTensor in Java: a session gets them inside the model.
        assertThat(model.externalInitializers()).containsOnlyKeys("embedding", "large", "head");
    }

    @Test
    void readsEveryFieldThatATensorMayStandIn() throws IOException {
        ModelProto.Builder proto = emptyModel();
        tensor(proto, "f", 1, 2).addFloatData(1.5f).addFloatData(-2);
        tensor(proto, "d", 11, 1).addDoubleData(0.1);
        tensor(proto, "i64", 7, 2).addInt64Data(-1).addInt64Data(1L << 40);
        tensor(proto, "u64", 13, 1).addUint64Data(-1L);
        tensor(proto, "u32", 12, 1).addUint64Data(0xffffffffL);
        tensor(proto, "i32", 6, 1).addInt32Data(-7);
        tensor(proto, "f16", 10, 2).addInt32Data(0x3c00).addInt32Data(0xbc00);
        tensor(proto, "i8", 3, 3).addInt32Data(-1).addInt32Data(127).addInt32Data(0);
        tensor(proto, "u4", 21, 3).addInt32Data(0x21).addInt32Data(0x03);
        tensor(proto, "none", 1, 0);
        Path file = write(proto);
        Map<String, Tensor> tensors = OnnxModel.read(file).initializers();
        assertThat(tensors.get("f").data().getFloat(4)).isEqualTo(-2f);
        assertThat(tensors.get("d").data().getDouble(0)).isEqualTo(0.1);
        assertThat(tensors.get("i64").data().getLong(8)).isEqualTo(1L << 40);
        assertThat(tensors.get("u64").data().getLong(0)).isEqualTo(-1L);
        assertThat(tensors.get("u32").data().getInt(0)).isEqualTo(-1);
        assertThat(tensors.get("i32").data().getInt(0)).isEqualTo(-7);
        assertThat(tensors.get("f16").data().getShort(2)).isEqualTo((short) 0xbc00);
        assertThat(tensors.get("i8").data().get(1)).isEqualTo((byte) 127);
        assertThat(tensors.get("u4").data()).isEqualTo(ByteBuffer.wrap(new byte[] {0x21, 3}));
        assertThat(tensors.get("none").elements()).isZero();
        assertThat(tensors.values()).allMatch(tensor -> tensor.data().isDirect());
    }

    @Test
    void readsAndWritesWithoutHeapCopies() throws IOException {
        int size = 64 << 20;
        ModelProto.Builder proto = emptyModel();
        tensor(proto, "w", 3, size).setRawData(ByteString.copyFrom(new byte[size]));
        Path file = write(proto);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // Once before, so that the loading of classes does not count.
        OnnxModel.read(file).write(directory.resolve("copy.onnx"));
        long before = threads.getCurrentThreadAllocatedBytes();
        OnnxModel.read(file).write(directory.resolve("copy.onnx"));
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(size / 16);
        assertThat(OnnxModel.read(directory.resolve("copy.onnx")).initializers().get("w").data())
                .isEqualTo(ByteBuffer.allocateDirect(size));
    }

    @Test
    void namesWhatIsWrongWithATensor() throws IOException {
        ModelProto.Builder shape = emptyModel();
        tensor(shape, "w", 1, 3).addFloatData(1);
        assertRefused(shape, "w", "FLOAT[3]", "12 bytes", "4 are given");
        ModelProto.Builder raw = emptyModel();
        tensor(raw, "w", 1, 3).setRawData(ByteString.copyFrom(new byte[100]));
        assertRefused(raw, "w", "FLOAT[3]", "12 bytes", "100");
        ModelProto.Builder type = emptyModel();
        tensor(type, "w", 99, 1).addFloatData(1);
        assertRefused(type, "w", "unknown ONNX element type 99");
        ModelProto.Builder negative = emptyModel();
        tensor(negative, "w", 1, -1);
        assertRefused(negative, "w", "negative dimension");
        ModelProto.Builder huge = emptyModel();
        tensor(huge, "w", 1, 1L << 62).addDims(4);
        assertRefused(huge, "w", "overflow");
        ModelProto.Builder twice = emptyModel();
        tensor(twice, "w", 1, 0);
        tensor(twice, "w", 1, 0);
        assertRefused(twice, "two initializers are named w");
    }

    @Test
    void refusesWhatIsNoModel() throws IOException {
        assertThatThrownBy(() -> OnnxModel.read(directory.resolve("none.onnx")))
                .isInstanceOf(GraphException.class)
                .hasMessageContaining("none.onnx")
                .hasMessageContaining("no such file");
        for (String text : List.of("", "<html>not found</html>", "{\"a\": 1}")) {
            Path file = Files.writeString(directory.resolve("text.onnx"), text);
            assertThatThrownBy(() -> OnnxModel.read(file))
                    .as(text)
                    .isInstanceOf(GraphException.class)
                    .hasMessageContaining("text.onnx");
        }
    }

    @Test
    void refusesATruncatedFileWhereverItEnds() throws IOException {
        byte[] whole = Files.readAllBytes(randomModelFile());
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            int length = i < 100 ? whole.length - 1 - i : random.nextInt(whole.length);
            Path file = Files.write(directory.resolve("cut.onnx"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> OnnxModel.read(file))
                    .as("seed %d, length %d", seed, length)
                    .isInstanceOf(GraphException.class)
                    .hasMessageContaining("cut.onnx");
        }
    }

    @Test
    void readsOrRefusesADamagedFileButNeverFails() throws IOException {
        byte[] whole = Files.readAllBytes(randomModelFile());
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 500; i++) {
            byte[] damaged = whole.clone();
            for (int j = random.nextInt(4); j >= 0; j--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            Path file = Files.write(directory.resolve("model.onnx"), damaged);
            try {
                OnnxModel.read(file);
            } catch (GraphException e) {
                refused++;
                assertThat(e).as("seed %d", seed).hasMessageContaining("model.onnx");
            }
        }
        assertThat(refused).as("seed %d", seed).isPositive();
    }

    @Test
    void readsRealExportsAsProtobufDoes() throws IOException {
        for (String name : List.of("gpt2/past", "lfm2/decoder", "qwen35-gqa-fp16/decoder")) {
            Path file = Exports.file(name);
            ModelProto proto = ModelProto.parseFrom(Files.readAllBytes(file));
            OnnxModel model = OnnxModel.read(file);
            assertThat(model.nodes()).isEqualTo(proto.getGraph().getNodeList());
            assertThat(model.initializers()).hasSize(proto.getGraph().getInitializerCount());
            for (TensorProto tensor : proto.getGraph().getInitializerList()) {
                if (tensor.hasRawData()) {
                    assertThat(model.initializers().get(tensor.getName()).data())
                            .as(tensor.getName())
                            .isEqualTo(tensor.getRawData().asReadOnlyByteBuffer());
                }
            }
        }
    }

    @Test
    void takesWeightsThatAreListedAsInputsInOldFilesForConstants() throws IOException {
        ModelProto.Builder proto = emptyModel().setIrVersion(3);
        tensor(proto, "w", 1, 1).addFloatData(1);
        proto.getGraphBuilder().addInputBuilder().setName("w");
        proto.getGraphBuilder().addInputBuilder().setName("x");
        OnnxModel model = OnnxModel.read(write(proto));
        assertThat(model.inputs()).extracting(input -> input.getName()).containsExactly("x");
        assertThat(model.toProto().getIrVersion()).isEqualTo(4);
    }

    private Path randomModelFile() throws IOException {
        Path file = directory.resolve("model.onnx");
        // Inline tensors too, as other exporters write them. The operator sets come last.
        ModelProto proto = randomModel(new Random(5)).toProto();
        ModelProto.Builder builder = proto.toBuilder().clearFunctions().clearMetadataProps();
        builder.getGraphBuilder()
                .addInitializerBuilder()
                .setName("inline")
                .setDataType(2)
                .addDims(3000)
                .setRawData(ByteString.copyFrom(new byte[3000]));
        Files.write(file, builder.build().toByteArray());
        byte[] data = new byte[1 << 20];
        Files.write(directory.resolve("random.data"), data);
        OnnxModel.read(file);
        return file;
    }

    private void assertRefused(ModelProto.Builder proto, String... parts) throws IOException {
        Path file = write(proto);
        assertThatThrownBy(() -> OnnxModel.read(file))
                .isInstanceOf(GraphException.class)
                .hasMessageContaining("proto.onnx")
                .hasMessageContainingAll(parts);
    }

    private Path write(ModelProto.Builder proto) throws IOException {
        Path file = directory.resolve("proto.onnx");
        return Files.write(file, proto.build().toByteArray());
    }

    private static ModelProto.Builder emptyModel() {
        ModelProto.Builder proto = ModelProto.newBuilder().setIrVersion(10);
        proto.addOpsetImportBuilder().setVersion(21);
        proto.getGraphBuilder().setName("g");
        return proto;
    }

    private static TensorProto.Builder tensor(
            ModelProto.Builder model, String name, int type, long dimension) {
        return model.getGraphBuilder()
                .addInitializerBuilder()
                .setName(name)
                .setDataType(type)
                .addDims(dimension);
    }

    private static Map<String, String> reference(TensorProto tensor) {
        return tensor.getExternalDataList().stream()
                .collect(
                        Collectors.toMap(
                                StringStringEntryProto::getKey, StringStringEntryProto::getValue));
    }

    /**
     * A model of random nodes in random order, with tensors of every type, an If and a function.
     */
    static OnnxModel randomModel(Random random) {
        OnnxModel model = new OnnxModel("random");
        model.metadata().put("key", "value " + random.nextInt());
        model.opsets().put("own", 1);
        model.functions()
                .add(
                        FunctionProto.newBuilder()
                                .setName("Twice")
                                .setDomain("own")
                                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(21))
                                .addInput("a")
                                .addOutput("b")
                                .addNode(
                                        NodeProto.newBuilder()
                                                .setOpType("Add")
                                                .addInput("a")
                                                .addInput("a")
                                                .addOutput("b"))
                                .build());
        GraphBuilder builder = new GraphBuilder(model);
        List<String> values = new ArrayList<>();
        for (ElementType type : ElementType.values()) {
            builder.initializer(
                    "w." + type,
                    Tensors.random(random, type, random.nextInt(4), 1 + random.nextInt(3000)));
        }
        values.add(builder.initializer("scalar", Tensors.random(random, ElementType.FLOAT)));
        values.add(builder.input("x", ElementType.FLOAT, "batch", 3));
        String condition = builder.input("condition", ElementType.BOOL);
        for (int i = 0; i < 30; i++) {
            String a = values.get(random.nextInt(values.size()));
            String b = values.get(random.nextInt(values.size()));
            values.add(
                    switch (random.nextInt(4)) {
                        case 0 -> builder.node("Twice", "own", List.of(a)).output("v");
                        case 1 -> {
                            GraphBuilder then = builder.subgraph("then");
                            String w = then.initializer("inner" + i, Tensors.floats(i));
                            String y = then.node("Add", a, w).output("v");
                            then.output(y, ElementType.FLOAT);
                            GraphBuilder otherwise = builder.subgraph("else");
                            String z = otherwise.node("Identity", b).output("v");
                            otherwise.output(z, ElementType.FLOAT);
                            yield builder.node("If", condition)
                                    .attribute("then_branch", then.graph())
                                    .attribute("else_branch", otherwise.graph())
                                    .output("v");
                        }
                        case 2 ->
                                builder.node("Softmax", a)
                                        .attribute("axis", -1)
                                        .attribute("scale", 0.5f)
                                        .attribute("mode", "text")
                                        .attribute("value", Tensors.floats(1, 2))
                                        .ints("perm", 0, 2, 1)
                                        .floats("values", 1, 2.5f)
                                        .output("v");
                        default -> builder.node("Add", a, b).output("v");
                    });
        }
        builder.output(values.get(values.size() - 1), ElementType.FLOAT, "batch", 3);
        Collections.shuffle(model.nodes(), random);
        return model;
    }
}
