package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights take the bytes that the model's sizes say, in memory and on disk. */
class PrecisionSizeTest {
    private static final String EMBEDDING = "model.embed_tokens.weight";

    @TempDir Path directory;

    /** The sizes in the models' descriptions; a head of 8 is stored as one of 16. */
    private record Sizes(
            String name,
            int hidden,
            int intermediate,
            int layers,
            int heads,
            int keyValueHeads,
            int headSize,
            int vocabulary,
            int context) {
        long bytes(Precision precision) {
            long attention =
                    matrix((heads + 2 * keyValueHeads) * headSize, hidden, precision)
                            + matrix(hidden, heads * headSize, precision);
            long feedForward =
                    2 * matrix(intermediate, hidden, precision)
                            + matrix(hidden, intermediate, precision);
            long norms = 4L * hidden * (2 * layers + 1);
            long rotary = 4L * 2 * context * headSize / 2;
            return matrix(vocabulary, hidden, precision)
                    + layers * (attention + feedForward)
                    + norms
                    + rotary;
        }

        /** A block of 32 weights takes 128 bytes, or 4 bytes of scale and 32 or 16 bytes. */
        private static long matrix(long rows, long columns, Precision precision) {
            long blocks = rows * ((columns + 31) / 32);
            return switch (precision) {
                case FP32 -> 4 * rows * columns;
                case INT8 -> blocks * (4 + 32);
                case INT4 -> blocks * (4 + 16);
            };
        }
    }

    static Stream<Arguments> models() {
        return Stream.of(
                        new Sizes("storyteller-7m", 256, 768, 8, 4, 2, 64, 4096, 512),
                        new Sizes("stories260k", 64, 172, 5, 8, 4, 16, 512, 512),
                        new Sizes("babyllama105", 128, 352, 5, 8, 4, 16, 105, 256))
                .flatMap(
                        sizes ->
                                Stream.of(Precision.values())
                                        .map(precision -> Arguments.of(sizes, precision)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void takesTheBytesOfItsSizes(Sizes sizes, Precision precision) throws IOException {
        OnnxModel model =
                Models.graph(sizes.name(), LoadOptions.defaults().withPrecision(precision));
        List<ByteBuffer> stored = stored(model.initializers());
        assertThat(stored.stream().mapToLong(ByteBuffer::remaining).sum())
                .isEqualTo(sizes.bytes(precision));

        checkTied(model.initializers(), precision);

        Path file = directory.resolve("model.onnx");
        model.write(file);
        assertThat(Files.size(file)).isLessThan(50_000);
        assertThat(Files.size(directory.resolve("model.onnx.data")))
                .isEqualTo(aligned(stored(model.externalInitializers())));
        assertThat(OnnxModel.read(file).initializers()).isEqualTo(model.initializers());
    }

    /** The head is the embedding, and needs its bytes under another shape. */
    private static void checkTied(Map<String, Tensor> tensors, Precision precision) {
        List<String> table =
                tensors.keySet().stream().filter(name -> name.startsWith(EMBEDDING)).toList();
        if (precision == Precision.FP32) {
            assertThat(table).containsExactly(EMBEDDING);
        } else {
            assertThat(table)
                    .containsExactlyInAnyOrder(
                            EMBEDDING + ".rows", EMBEDDING + ".values", EMBEDDING + ".scales");
            assertThat(
                            oneMemory(
                                    tensors.get(EMBEDDING + ".rows").data(),
                                    tensors.get(EMBEDDING + ".values").data()))
                    .isTrue();
        }
        assertThat(tensors).doesNotContainKey("lm_head.weight");
    }

    /** Returns the memory of the tensors, that which several share once. */
    private static List<ByteBuffer> stored(Map<String, Tensor> tensors) {
        List<ByteBuffer> stored = new ArrayList<>();
        for (Tensor tensor : tensors.values()) {
            if (stored.stream().noneMatch(other -> oneMemory(other, tensor.data()))) {
                stored.add(tensor.data());
            }
        }
        return stored;
    }

    /** Tells whether a change to one buffer changes the other. */
    private static boolean oneMemory(ByteBuffer first, ByteBuffer second) {
        if (first.isReadOnly() || !first.equals(second)) {
            return false;
        }
        byte before = first.get(0);
        first.put(0, (byte) ~before);
        boolean changed = second.get(0) != before;
        first.put(0, before);
        return changed;
    }

    /** Returns the size of a file in which each but the first starts at a page. */
    private static long aligned(List<ByteBuffer> stored) {
        long end = 0;
        for (ByteBuffer bytes : stored) {
            end = (end + 4095) / 4096 * 4096 + bytes.remaining();
        }
        return end;
    }
}
