package dev.slipstream.checkpoint;

import static dev.slipstream.checkpoint.SafeTensorsTest.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Llama2cTest {
    @TempDir private Path directory;
    private byte[] checkpoint;
    private byte[] tokenizer;

    /** The folder has no {@code llama2c.json}, so it is opened as a directory. */
    static ModelFiles stories260k() {
        try {
            return ModelFiles.of(
                    Path.of(Llama2cTest.class.getClassLoader().getResource("stories260k").toURI()));
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void readFiles() throws IOException {
        checkpoint = bytes(stories260k(), "stories260K.bin");
        tokenizer = bytes(stories260k(), "tok512.bin");
    }

    private static byte[] bytes(ModelFiles files, String file) throws IOException {
        byte[] bytes = new byte[(int) files.size(file)];
        files.bytes(file, 0, bytes.length).get(bytes);
        return bytes;
    }

    @Test
    void readsTheConfiguration() {
        assertThat(Llama2c.read(stories260k()).config())
                .isEqualTo(
                        new DecoderConfig(
                                "LlamaForCausalLM",
                                64,
                                5,
                                8,
                                4,
                                8,
                                172,
                                512,
                                512,
                                1e-5,
                                new RotaryScaling.None(10000),
                                true,
                                false,
                                false,
                                null,
                                Set.of(1, 2),
                                1,
                                List.of(),
                                null));
    }

    @Test
    void findsTensorsWhereTheLayoutHasThem() {
        Weights weights = Llama2c.read(stories260k()).weights();
        // Offsets of the layout's table, for the layer given.
        assertAt(weights, "model.embed_tokens.weight", 28);
        assertAt(weights, "model.layers.0.input_layernorm.weight", 131100);
        assertAt(weights, "model.layers.4.input_layernorm.weight", 131100 + 4 * 64 * 4);
        assertAt(weights, "model.layers.2.self_attn.v_proj.weight", 255260 + 2 * 32 * 64 * 4);
        assertAt(weights, "model.layers.0.self_attn.o_proj.weight", 296220);
        assertAt(weights, "model.layers.0.post_attention_layernorm.weight", 378140);
        assertAt(weights, "model.layers.3.mlp.gate_proj.weight", 379420 + 3 * 172 * 64 * 4);
        assertAt(weights, "model.layers.0.mlp.down_proj.weight", 599580);
        assertAt(weights, "model.layers.0.mlp.up_proj.weight", 819740);
        assertAt(weights, "model.norm.weight", 1039900);
        assertThat(weights.shape("model.layers.0.mlp.down_proj.weight")).containsExactly(64L, 172L);
        assertThat(weights.contains("lm_head.weight")).isFalse();
    }

    @Test
    void namesTensorsAlikeInEveryLanguage() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            assertThat(Llama2c.read(stories260k()).weights().names())
                    .contains("model.layers.4.mlp.up_proj.weight")
                    .hasSize(5 * 9 + 2);
        } finally {
            Locale.setDefault(before);
        }
    }

    private void assertAt(Weights weights, String name, int offset) {
        ByteBuffer data = weights.tensor(name).data();
        assertThat(data).as(name).isEqualTo(ByteBuffer.wrap(checkpoint, offset, data.remaining()));
    }

    @Test
    void halvesScoreAsNeighboursDo() {
        Weights weights = Llama2c.read(stories260k()).weights();
        long seed = 5;
        Random random = new Random(seed);
        for (int layer = 0; layer < 5; layer++) {
            double[] x = random.doubles(64, -1, 1).toArray();
            double[] y = random.doubles(64, -1, 1).toArray();
            double[] storedQueries = times(stored(132380 + layer * 64 * 64 * 4, 64), x);
            double[] storedKeys = times(stored(214300 + layer * 32 * 64 * 4, 32), y);
            String prefix = "model.layers." + layer + ".self_attn.";
            double[] queries = times(weights.tensor(prefix + "q_proj.weight"), x);
            double[] keys = times(weights.tensor(prefix + "k_proj.weight"), y);
            for (int head = 0; head < 8; head++) {
                int p = random.nextInt(500);
                int q = random.nextInt(500);
                double expected =
                        dot(
                                turnNeighbours(head(storedQueries, head), p),
                                turnNeighbours(head(storedKeys, head / 2), q));
                double found =
                        dot(
                                turnHalves(head(queries, head), p),
                                turnHalves(head(keys, head / 2), q));
                assertThat(found)
                        .as("seed %d, layer %d, head %d", seed, layer, head)
                        .isCloseTo(expected, within(1e-9));
            }
        }
    }

    private Tensor stored(int offset, long rows) {
        return new Tensor(
                ElementType.FLOAT,
                List.of(rows, 64L),
                ByteBuffer.wrap(checkpoint, offset, (int) rows * 64 * 4));
    }

    private static double[] times(Tensor matrix, double[] x) {
        double[] result = new double[Math.toIntExact(matrix.shape().get(0))];
        for (int row = 0; row < result.length; row++) {
            for (int i = 0; i < x.length; i++) {
                result[row] += matrix.data().getFloat(4 * (row * x.length + i)) * x[i];
            }
        }
        return result;
    }

    private static double[] head(double[] all, int head) {
        return Arrays.copyOfRange(all, 8 * head, 8 * head + 8);
    }

    private static double[] turnNeighbours(double[] head, int position) {
        double[] turned = new double[8];
        for (int i = 0; i < 4; i++) {
            turn(head, turned, 2 * i, 2 * i + 1, position * Math.pow(10000, -i / 4.0));
        }
        return turned;
    }

    private static double[] turnHalves(double[] head, int position) {
        double[] turned = new double[8];
        for (int i = 0; i < 4; i++) {
            turn(head, turned, i, i + 4, position * Math.pow(10000, -i / 4.0));
        }
        return turned;
    }

    private static void turn(double[] from, double[] to, int a, int b, double angle) {
        to[a] = from[a] * Math.cos(angle) - from[b] * Math.sin(angle);
        to[b] = from[a] * Math.sin(angle) + from[b] * Math.cos(angle);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Test
    void readsASeparateHeadAfterTheTables() throws IOException {
        byte[] untied = Arrays.copyOf(checkpoint, checkpoint.length + 512 * 64 * 4);
        ByteBuffer header = ByteBuffer.wrap(untied).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(20, -512).putFloat(checkpoint.length, 42);
        write(untied);

        Llama2c model = Llama2c.read(ModelFiles.of(directory));

        assertThat(model.config().tiedEmbeddings()).isFalse();
        assertThat(model.config().vocabularySize()).isEqualTo(512);
        Tensor head = model.weights().tensor("lm_head.weight");
        assertThat(head.shape()).containsExactly(512L, 64L);
        assertThat(head.data().getFloat(0)).isEqualTo(42);
        model.config().checkAgainst(model.weights());
    }

    @Test
    void findsItsFilesByPatternOrByName() throws IOException {
        assertThat(Llama2c.isLlama2c(ModelFiles.of(directory))).isFalse();
        refused(() -> Llama2c.read(ModelFiles.of(directory)), "one tok*.bin", "llama2c.json");
        write(checkpoint);
        assertThat(Llama2c.isLlama2c(ModelFiles.of(directory))).isTrue();
        Files.write(directory.resolve("other.bin"), checkpoint);
        assertThat(Llama2c.isLlama2c(ModelFiles.of(directory))).isFalse();
        Path names = directory.resolve("llama2c.json");
        Files.writeString(names, "{\"checkpoint\": \"other.bin\", \"tokenizer\": \"tok.bin\"}");
        assertThat(Llama2c.isLlama2c(ModelFiles.of(directory))).isTrue();
        assertThat(Llama2c.read(ModelFiles.of(directory)).config().layers()).isEqualTo(5);
        Files.writeString(names, "{\"checkpoint\": \"../other.bin\", \"tokenizer\": \"tok.bin\"}");
        refused(
                () -> Llama2c.read(ModelFiles.of(directory)),
                names + ": checkpoint: expected the name of a file beside",
                "../other.bin");
        Files.writeString(names, "{\"checkpoint\": \"other.bin\"}");
        refused(() -> Llama2c.read(ModelFiles.of(directory)), names + ": tokenizer: expected");
        Files.writeString(names, "{\"checkpoint\": \"absent.bin\", \"tokenizer\": \"tok.bin\"}");
        refused(
                () -> Llama2c.read(ModelFiles.of(directory)),
                directory.resolve("absent.bin") + ": expected a file, found none");
    }

    @Test
    void aDirectoryWithAConfigurationIsNotLlama2c() throws IOException {
        write(checkpoint);
        Files.writeString(directory.resolve("config.json"), "{}");
        assertThat(Llama2c.isLlama2c(ModelFiles.of(directory))).isFalse();
    }

    @Test
    void refusesFilesThatContradictTheirHeader() throws IOException {
        String file = directory.resolve("model.bin").toString();
        write(Arrays.copyOf(checkpoint, 27));
        refused(this::read, file, "header of 28 bytes", "a file of 27");
        write(Arrays.copyOf(checkpoint, checkpoint.length - 1));
        refused(this::read, file, "expected 1056540 bytes", "found 1056539", "dim 64");
        write(Arrays.copyOf(checkpoint, checkpoint.length + 1));
        refused(this::read, file, "expected 1056540 bytes", "found 1056541");
        write(withHeader(20, -512));
        refused(this::read, file, "found 1056540");
        write(withHeader(0, 0x616b3432));
        refused(this::read, file, "version 0, found version 172");
        write(withHeader(0, 0));
        refused(this::read, file, "header: hidden size: expected 1 or more, found 0");
        write(withHeader(12, 0));
        refused(this::read, file, "header: dim: expected a multiple of the 0 heads");
        write(withHeader(12, 7));
        refused(this::read, file, "header: dim: expected a multiple of the 7 heads, found 64");
        write(withHeader(16, 3));
        refused(this::read, file, "header: heads: expected a multiple of the 3");
        write(withHeader(20, Integer.MIN_VALUE));
        refused(this::read, file, "header: ");
        write(withHeader(8, Integer.MAX_VALUE - 1));
        refused(this::read, file, "2147483646 layers", "found 1056540");
        write(withHeader(4, Integer.MAX_VALUE));
        refused(this::read, file, "hidden_dim 2147483647", "found 1056540");
    }

    @Test
    void refusesTokenizersOfAnotherModel() throws IOException {
        write(checkpoint);
        Files.write(directory.resolve("tok.bin"), Arrays.copyOf(tokenizer, tokenizer.length - 11));
        refused(this::read, directory.resolve("tok.bin").toString(), "expected 512 pieces");
    }

    @Test
    void namesTheMissingTensor() {
        Weights weights = Llama2c.read(stories260k()).weights();
        refused(
                () -> weights.tensor("model.layers.5.input_layernorm.weight"),
                "stories260K.bin: model.layers.5.input_layernorm.weight: expected a tensor");
        refused(() -> weights.type("x"), "x: expected a tensor");
    }

    private void read() {
        Llama2c.read(ModelFiles.of(directory));
    }

    private void write(byte[] model) throws IOException {
        Files.write(directory.resolve("model.bin"), model);
        Files.write(directory.resolve("tok.bin"), tokenizer);
    }

    private byte[] withHeader(int offset, int value) {
        byte[] changed = checkpoint.clone();
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
        return changed;
    }
}
