package dev.slipstream.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {
    private static final int PIECE = 1 << 24;

    @TempDir Path directory;

    @Test
    void equalModelsHaveOne() {
        assertThat(graph().fingerprint()).isEqualTo(graph().fingerprint()).matches("[0-9a-f]{64}");
    }

    @Test
    void anyOtherModelHasAnother() {
        Set<String> seen = new HashSet<>();
        OnnxModel graph = graph();
        assertThat(seen.add(graph.fingerprint())).isTrue();
        // A byte of each tensor: of the small one inside, and on both sides of a piece's end.
        for (String name : List.of("small", "large")) {
            ByteBuffer data = graph.initializers().get(name).data();
            for (int at : new int[] {0, PIECE - 1, PIECE, data.capacity() - 1}) {
                if (at < data.capacity()) {
                    byte old = data.get(at);
                    data.put(at, (byte) (old + 1));
                    assertThat(seen.add(graph.fingerprint())).as("%s[%d]", name, at).isTrue();
                    data.put(at, old);
                }
            }
        }
        Tensor large = graph.initializers().get("large");
        long half = large.elements() / 2;
        graph.initializers()
                .put("large", new Tensor(large.type(), List.of(2L, half), large.data()));
        assertThat(seen.add(graph.fingerprint())).isTrue();
        graph.initializers().put("large", large);
        NodeProto node = graph.nodes().get(0);
        graph.nodes().set(0, node.toBuilder().setOpType("Sub").build());
        assertThat(seen.add(graph.fingerprint())).isTrue();
        graph.nodes().set(0, node);
        assertThat(seen.add(graph.fingerprint())).isFalse();
    }

    @Test
    void filesBesideTheModelCount() throws IOException {
        Path file = directory.resolve("model.onnx");
        graph().write(file);
        String before = OnnxModel.read(file).fingerprint();
        Path data = directory.resolve("model.onnx.data");
        byte[] bytes = Files.readAllBytes(data);
        bytes[bytes.length - 1]++;
        Files.delete(data);
        Files.write(data, bytes);
        assertThat(OnnxModel.read(file).fingerprint()).isNotEqualTo(before);
    }

    private static OnnxModel graph() {
        OnnxModel model = new OnnxModel("sum");
        GraphBuilder graph = new GraphBuilder(model);
        graph.input("x", ElementType.INT8, 1);
        Random random = new Random(1);
        graph.initializer("small", tensor(random, 8));
        graph.initializer("large", tensor(random, PIECE + 4096));
        graph.node("Add", "small", "x").output("y");
        graph.node("Add", "large", "y").output("z");
        graph.output("z", ElementType.INT8, "n");
        return model;
    }

    private static Tensor tensor(Random random, int size) {
        byte[] values = new byte[size];
        random.nextBytes(values);
        ByteBuffer data = ByteBuffer.allocateDirect(size).put(values).flip();
        return new Tensor(ElementType.INT8, List.of((long) size), data);
    }
}
