package dev.slipstream.checkpoint;

import static dev.slipstream.checkpoint.SafeTensorsBytes.entry;
import static dev.slipstream.checkpoint.SafeTensorsBytes.file;
import static dev.slipstream.checkpoint.SafeTensorsBytes.floats;
import static dev.slipstream.checkpoint.SafeTensorsBytes.shorts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
    @TempDir private Path directory;

    @Test
    void readsTensorsOfEachFloatTypeAsTheyAreStored() throws IOException {
        new SafeTensorsBytes()
                .tensor("a", "F32", "[2,2]", floats(1, -2, 3.5f, 0))
                .tensor("b", "F16", "[3]", shorts(0x3c00, 0xc000, 0x7bff))
                .tensor("c", "BF16", "[1,2]", shorts(0x3f80, 0xbf80))
                .tensor("none", "F32", "[0,7]", new byte[0])
                .tensor("scalar", "I64", "[]", new byte[8])
                .write(directory.resolve("model.safetensors"));

        SafeTensors tensors = SafeTensors.read(ModelFiles.of(directory));

        assertThat(tensors.names()).containsExactlyInAnyOrder("a", "b", "c", "none", "scalar");
        assertThat(tensors.shape("a")).containsExactly(2L, 2L);
        assertThat(tensors.type("b")).isEqualTo(ElementType.FLOAT16);
        Tensor a = tensors.tensor("a");
        assertThat(a.data().isDirect()).isTrue();
        assertThat(a.data().getFloat(8)).isEqualTo(3.5f);
        assertThat(tensors.tensor("b").data().getShort(4)).isEqualTo((short) 0x7bff);
        assertThat(tensors.tensor("c").type()).isEqualTo(ElementType.BFLOAT16);
        assertThat(tensors.tensor("c").data().getShort(2)).isEqualTo((short) 0xbf80);
        assertThat(tensors.tensor("none").elements()).isZero();
        assertThat(tensors.tensor("scalar").shape()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"F32", "F16", "BF16"})
    void readsShardedDirectories(String dtype) throws IOException {
        Random random = new Random(7);
        int width = dtype.equals("F32") ? 4 : 2;
        byte[][] data = new byte[7][];
        SafeTensorsBytes[] shards = {
            new SafeTensorsBytes(), new SafeTensorsBytes(), new SafeTensorsBytes()
        };
        StringBuilder map = new StringBuilder();
        for (int i = 0; i < data.length; i++) {
            data[i] = new byte[width * 3 * (i + 1)];
            random.nextBytes(data[i]);
            shards[i % 3].tensor("t" + i, dtype, "[3,%s]".formatted(i + 1), data[i]);
            map.append(i == 0 ? "" : ",").append("\"t%s\":\"shard%s\"".formatted(i, i % 3));
        }
        for (int i = 0; i < 3; i++) {
            shards[i].write(directory.resolve("shard" + i));
        }
        index("{\"metadata\":{\"total_size\":1},\"weight_map\":{" + map + "}}");

        SafeTensors tensors = SafeTensors.read(ModelFiles.of(directory));

        assertThat(tensors.names()).hasSize(data.length);
        for (int i = 0; i < data.length; i++) {
            Tensor tensor = tensors.tensor("t" + i);
            assertThat(tensor.shape()).isEqualTo(List.of(3L, i + 1L));
            assertThat(tensor.data()).isEqualTo(ByteBuffer.wrap(data[i]));
        }
    }

    @Test
    void mapsTensorsBeyondTwoGibibytes() throws IOException {
        long large = 3L << 30;
        String header =
                "{"
                        + entry("l", "I8", "[3,1073741824]", 0, large)
                        + ","
                        + entry("z", "F32", "[1]", large, large + 4)
                        + "}";
        Path path = directory.resolve("model.safetensors");
        Files.write(path, file(header, new byte[0]));
        // A sparse file: it takes a block of disk, not three gibibytes.
        try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
            sparse.setLength(sparse.length() + large + 4);
            sparse.seek(sparse.length() - 4);
            sparse.write(floats(42));
        }

        SafeTensors tensors = SafeTensors.read(ModelFiles.of(directory));

        assertThat(tensors.tensor("z").data().getFloat(0)).isEqualTo(42);
        refused(() -> tensors.tensor("l"), path.toString(), "l", "below 2 GiB", "3221225472");
    }

    @Test
    void readsFromTheClassPathToo() throws IOException {
        ModelFiles files = ModelFiles.of(getClass().getClassLoader(), "stories260k");
        assertThat(files.contains("tok512.bin")).isTrue();
        assertThat(files.size("tok512.bin")).isEqualTo(6227);
        assertThat(files.bytes("tok512.bin", 0, 4).getInt(0)).isEqualTo(7);
        refused(
                () -> files.bytes("tok512.bin", 6220, 8),
                "classpath:stories260k/tok512.bin",
                "6227");
        refused(
                () -> SafeTensors.read(files),
                "classpath:stories260k",
                "model.safetensors",
                "neither");
    }

    static Stream<Arguments> damagedHeaders() {
        String a = entry("a", "F32", "[2]", 0, 8);
        return Stream.of(
                damaged("not JSON", "{\"a\"", 0, "expected a JSON object of tensors"),
                damaged("not an object", "[1]", 0, "expected a JSON object"),
                damaged("two objects", "{}{}", 0, "expected a JSON object of tensors"),
                damaged("unquoted", "{a:{}}", 8, "expected a JSON object of tensors"),
                damaged("not a tensor", "{\"a\":3}", 8, "expected a JSON object of tensors"),
                damaged(
                        "dtype missing",
                        "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}",
                        8,
                        "a: expected dtype, shape and two data_offsets"),
                damaged(
                        "one offset",
                        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}",
                        8,
                        "a: expected dtype, shape and two data_offsets"),
                damaged(
                        "unknown dtype",
                        "{" + entry("a", "F8_E4M3", "[8]", 0, 8) + "}",
                        8,
                        "a: unknown dtype F8_E4M3 found; known: [BF16,"),
                damaged(
                        "negative dimension",
                        "{" + entry("a", "F32", "[-2]", 0, 8) + "}",
                        8,
                        "a: expected numbers of 0 or more, found -2"),
                damaged(
                        "negative offset",
                        "{" + entry("a", "F32", "[2]", -8, 0) + "}",
                        8,
                        "a: expected numbers of 0 or more, found -8"),
                damaged(
                        "offsets turned round",
                        "{" + entry("a", "F32", "[2]", 8, 0) + "}",
                        8,
                        "a: expected data_offsets inside the 8 bytes"),
                damaged(
                        "fraction",
                        "{" + entry("a", "F32", "[0.5]", 0, 8) + "}",
                        8,
                        "expected a JSON object of tensors"),
                damaged(
                        "data cut off",
                        "{" + a + "}",
                        7,
                        "a: expected data_offsets inside the 7 bytes"),
                damaged("data too long", "{" + a + "}", 9, "to end where a does, at byte"),
                damaged(
                        "data without tensors",
                        "{}",
                        9,
                        "to end where the header does, at byte 10, found 19"),
                damaged(
                        "wrong byte count",
                        "{" + entry("a", "F32", "[3]", 0, 8) + "}",
                        8,
                        "a: expected 12 bytes for F32[3], found 8 at data_offsets [0, 8]"),
                damaged(
                        "count beyond 64 bits",
                        "{" + entry("a", "F32", "[4611686018427387904,4]", 0, 0) + "}",
                        0,
                        "a: expected a shape of fewer than 2^63 bits"),
                damaged(
                        "overlap",
                        "{" + a + "," + entry("b", "F32", "[2]", 4, 12) + "}",
                        12,
                        "b: expected data_offsets from 8, where a ends, found 4, an overlap"),
                damaged(
                        "same place",
                        "{" + a + "," + entry("b", "F32", "[2]", 0, 8) + "}",
                        8,
                        "expected data_offsets from 8, where a ends, found 0, an overlap"),
                damaged(
                        "gap",
                        "{" + a + "," + entry("b", "F32", "[2]", 12, 20) + "}",
                        20,
                        "b: expected data_offsets from 8, where a ends, found 12, a gap"),
                damaged(
                        "gap in front",
                        "{" + entry("b", "F32", "[2]", 4, 12) + "}",
                        12,
                        "b: expected data_offsets from 0, where the header ends, found 4, a gap"),
                damaged(
                        "twice",
                        "{" + a + "," + entry("a", "F32", "[2]", 8, 16) + "}",
                        16,
                        "a: expected one tensor of this name, found two"));
    }

    private static Arguments damaged(String what, String header, int dataBytes, String message) {
        return Arguments.of(what, file(header, new byte[dataBytes]), message);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damagedHeaders")
    void refusesDamagedFiles(String what, byte[] file, String message) throws IOException {
        Path path = directory.resolve("model.safetensors");
        Files.write(path, file);
        refused(() -> SafeTensors.read(ModelFiles.of(directory)), path.toString(), message);
    }

    @Test
    void refusesHeadersLongerThanTheFile() throws IOException {
        Path path = directory.resolve("model.safetensors");
        byte[] sound = file("{" + entry("a", "F32", "[2]", 0, 8) + "}", new byte[8]);
        for (long length : new long[] {sound.length - 7, 1L << 40, -1, Long.MIN_VALUE, 0}) {
            byte[] broken = sound.clone();
            ByteBuffer.wrap(broken).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
            Files.write(path, broken);
            refused(
                    () -> SafeTensors.read(ModelFiles.of(directory)),
                    path.toString(),
                    "expected a header of 2 to " + (sound.length - 8),
                    "found the length " + Long.toUnsignedString(length));
        }
    }

    @Test
    void refusesEveryTruncation() throws IOException {
        Path path = directory.resolve("model.safetensors");
        byte[] sound = file("{" + entry("a", "F32", "[2]", 0, 8) + "}", new byte[8]);
        for (int length = 0; length < sound.length; length++) {
            Files.write(path, Arrays.copyOf(sound, length));
            refused(() -> SafeTensors.read(ModelFiles.of(directory)), path.toString(), "cut off");
        }
        Files.write(path, sound);
        assertThat(SafeTensors.read(ModelFiles.of(directory)).names()).containsExactly("a");
    }

    @Test
    void refusesHeadersThatAreNotUtf8() throws IOException {
        byte[] broken = file("{\"__metadata__\":{\"x\":\"?\"}}", new byte[0]);
        broken[new String(broken, StandardCharsets.ISO_8859_1).indexOf('?')] = (byte) 0xff;
        Files.write(directory.resolve("model.safetensors"), broken);
        refused(() -> SafeTensors.read(ModelFiles.of(directory)), "expected UTF-8");
    }

    @Test
    void anyBrokenByteOfTheHeaderIsRefusedOrHarmless() throws IOException {
        Path path = directory.resolve("model.safetensors");
        String header =
                "{"
                        + entry("a", "F32", "[2,1]", 0, 8)
                        + ","
                        + entry("b", "BF16", "[2]", 8, 12)
                        + "}";
        byte[] sound = file(header, new byte[12]);
        long seed = 11;
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            byte[] broken = sound.clone();
            broken[random.nextInt(sound.length - 12)] = (byte) random.nextInt(256);
            Files.write(path, broken);
            try {
                SafeTensors tensors = SafeTensors.read(ModelFiles.of(directory));
                tensors.names().forEach(tensors::tensor);
            } catch (CheckpointException e) {
                assertThat(e).as("seed %d, file %d", seed, i).hasMessageContaining(path.toString());
            }
        }
    }

    @Test
    void refusesIndexesThatContradictTheShards() throws IOException {
        new SafeTensorsBytes()
                .tensor("a", "F32", "[1]", new byte[4])
                .write(directory.resolve("shard"));
        String file = directory.resolve("model.safetensors.index.json").toString();

        index("{\"weight_map\":{\"a\":\"shard\",\"b\":\"shard\"}}");
        refused(read(), directory.resolve("shard").toString(), "b: expected this tensor");
        index("{\"weight_map\":{\"a\":\"shard\",\"b\":\"other\"}}");
        refused(read(), file, "b: expected a file other", "not copied completely");
        for (String outside : List.of("../shard", "/etc/passwd", "..\\\\shard")) {
            index("{\"weight_map\":{\"a\":\"" + outside + "\"}}");
            refused(read(), file, "a: expected the name of a file beside the index");
        }
        index("{\"weight_map\":{\"a\":5}}");
        refused(read(), file, "a: expected a text, found 5");
        index("{}");
        refused(read(), file, "weight_map: expected an object");
        index("[]");
        refused(read(), file, "expected a JSON object");
        index("{\"weight_map\"");
        refused(read(), file, "expected JSON");
    }

    @Test
    void namesTheMissingTensorAndTheMissingFiles() throws IOException {
        refused(read(), directory.toString(), "model.safetensors", "found neither");
        Path path = directory.resolve("model.safetensors");
        new SafeTensorsBytes().tensor("a", "F32", "[1]", new byte[4]).write(path);
        SafeTensors tensors = SafeTensors.read(ModelFiles.of(directory));
        assertThat(tensors.contains("lm_head.weight")).isFalse();
        refused(
                () -> tensors.tensor("lm_head.weight"),
                path.toString(),
                "lm_head.weight",
                "found none");
        refused(() -> tensors.shape("x"), "x: expected a tensor of this name");
        Files.write(path, new byte[9]);
        refused(() -> tensors.tensor("a"), path.toString(), "cut off");
    }

    private void index(String json) throws IOException {
        Files.writeString(directory.resolve("model.safetensors.index.json"), json);
    }

    private Refused read() {
        return () -> SafeTensors.read(ModelFiles.of(directory));
    }

    interface Refused {
        void call() throws Exception;
    }

    static void refused(Refused call, String... parts) {
        assertThatThrownBy(call::call)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContainingAll(parts);
    }
}
