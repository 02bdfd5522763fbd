package dev.slipstream.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each block, called as DJL calls blocks, against loops. */
class BlocksTest {
    private static final String LAYER = "model.layers.1.";
    private static final int N = 9;
    private static final int HIDDEN = 32;
    private static final double TOLERANCE = 1e-5;

    @TempDir Path directory;
    private final Random random = new Random(5);

    @Test
    void theNormAgrees() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = draw(manager);
            double[][] x = draw(N);
            Block norm = decoder.layers().get(1).getChildren().get(0).getValue();
            double[] weight = values(decoder, LAYER + "input_layernorm.weight", 1)[0];
            agree(run(manager, norm, array(manager, x)), PlainBlocks.norm(x, weight, 1e-5));
        }
    }

    @Test
    void theFeedForwardAgreesAtEveryWidth() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = draw(manager);
            double[][] x = draw(N);
            double[][] gate = values(decoder, LAYER + "mlp.gate_proj.weight", 48);
            double[][] up = values(decoder, LAYER + "mlp.up_proj.weight", 48);
            double[][] down = values(decoder, LAYER + "mlp.down_proj.weight", HIDDEN);
            NestedFeedForward block = decoder.layers().get(1).feedForward();
            for (int width : new int[] {48, 24, 7, 1}) {
                block.setWidth(width);
                agree(
                        run(manager, block, array(manager, x)),
                        PlainBlocks.feedForward(x, gate, up, down, width));
            }
            assertThatThrownBy(() -> block.setWidth(49))
                    .hasMessage("width of a feed-forward: expected 1 to 48 neurons, found 49");
            assertThatThrownBy(() -> block.setWidth(0)).hasMessageContaining("found 0");
        }
    }

    @Test
    void groupedAttentionAgreesUnderRandomMasksAndPositions() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = draw(manager);
            Block attention = decoder.layers().get(1).getChildren().get(1).getValue();
            for (int trial = 0; trial < 4; trial++) {
                double[][] x = draw(N);
                int[] positions = random.ints(N, 0, 20).toArray();
                boolean[][] mask = mask();
                Attending attending = Attending.masked(manager, decoder.config(), positions, mask);
                NDArray found =
                        run(
                                manager,
                                attention,
                                array(manager, x),
                                attending.rotation().cos(),
                                attending.rotation().sin(),
                                attending.spans().get(0).bias());
                agree(found, attended(decoder, x, positions, mask));
            }
        }
    }

    @Test
    void aLayerAddsBothToTheStream() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = draw(manager);
            double[][] x = draw(N);
            int[] positions = IntStream.range(0, N).toArray();
            boolean[][] mask = mask();
            Attending attending = Attending.masked(manager, decoder.config(), positions, mask);
            NDArray found =
                    run(
                            manager,
                            decoder.layers().get(1),
                            array(manager, x),
                            attending.rotation().cos(),
                            attending.rotation().sin(),
                            attending.spans().get(0).bias());
            double[] first = values(decoder, LAYER + "input_layernorm.weight", 1)[0];
            double[] second = values(decoder, LAYER + "post_attention_layernorm.weight", 1)[0];
            double[][] middle =
                    sum(x, attended(decoder, PlainBlocks.norm(x, first, 1e-5), positions, mask));
            double[][] fed =
                    PlainBlocks.feedForward(
                            PlainBlocks.norm(middle, second, 1e-5),
                            values(decoder, LAYER + "mlp.gate_proj.weight", 48),
                            values(decoder, LAYER + "mlp.up_proj.weight", 48),
                            values(decoder, LAYER + "mlp.down_proj.weight", HIDDEN),
                            48);
            agree(found, sum(middle, fed));
        }
    }

    @Test
    void spansComputeWhatTheWholeMaskComputes() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = draw(manager);
            boolean[][] mask = new boolean[8][8];
            for (int query = 0; query < 8; query++) {
                for (int key = 0; key < 8; key++) {
                    mask[query][key] = query < 5 ? key <= Math.min(query, 2) : key != 5;
                }
            }
            int[] positions = IntStream.range(0, 8).toArray();
            Attending whole = Attending.masked(manager, decoder.config(), positions, mask);
            Attending parts =
                    new Attending(
                            whole.rotation(),
                            java.util.List.of(
                                    AttentionSpan.of(manager, mask, 0, 5, 3),
                                    AttentionSpan.of(manager, mask, 5, 8, 8)));
            NDArray ids = manager.create(new long[] {3, 1, 4, 1, 5, 9, 2, 6}, new Shape(1, 8));
            ParameterStore store = new ParameterStore(manager, false);
            float[] expected = decoder.hidden(store, ids, whole, false).toFloatArray();
            float[] found = decoder.hidden(store, ids, parts, false).toFloatArray();
            assertThat(found).containsExactly(expected, within(1e-5f));
        }
    }

    @Test
    void masksThatMakeNoSenseAreRefused() {
        try (NDManager manager = TinyDecoder.manager()) {
            boolean[][] mask = {{true, false, false}, {true, true, false}, {false, false, false}};
            assertThatThrownBy(() -> AttentionSpan.of(manager, mask, 0, 3, 3))
                    .hasMessage("query 2: expected to see a key, found none in the mask");
            assertThatThrownBy(() -> AttentionSpan.of(manager, mask, 0, 2, 1))
                    .hasMessage("query 1: expected to see keys 0 to 0 alone, found 1 in the mask");
        }
    }

    @Test
    void slidingWindowsAreRefused() {
        TinyDecoder sliding = new TinyDecoder("MistralForCausalLM").with("sliding_window", "5");
        try (NDManager manager = TinyDecoder.manager()) {
            assertThatThrownBy(() -> sliding.draw(manager, directory, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("sliding_window: expected none, found 5");
        }
    }

    private DecoderBlock draw(NDManager manager) throws IOException {
        return new TinyDecoder("LlamaForCausalLM").draw(manager, directory, 3);
    }

    private double[][] attended(
            DecoderBlock decoder, double[][] x, int[] positions, boolean[][] mask) {
        String at = LAYER + "self_attn.";
        double[][] joined =
                PlainBlocks.attention(
                        PlainBlocks.multiply(x, values(decoder, at + "q_proj.weight", 32)),
                        PlainBlocks.multiply(x, values(decoder, at + "k_proj.weight", 16)),
                        PlainBlocks.multiply(x, values(decoder, at + "v_proj.weight", 16)),
                        4,
                        2,
                        positions,
                        mask,
                        10000);
        return PlainBlocks.multiply(joined, values(decoder, at + "o_proj.weight", HIDDEN));
    }

    private boolean[][] mask() {
        boolean[][] mask = new boolean[N][N];
        for (boolean[] row : mask) {
            row[random.nextInt(N)] = true;
            for (int key = 0; key < N; key++) {
                row[key] |= random.nextInt(3) == 0;
            }
        }
        return mask;
    }

    private double[][] draw(int rows) {
        double[][] x = new double[rows][HIDDEN];
        for (double[] row : x) {
            for (int i = 0; i < HIDDEN; i++) {
                row[i] = (float) random.nextGaussian();
            }
        }
        return x;
    }

    private static double[][] sum(double[][] a, double[][] b) {
        double[][] result = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[i].length; j++) {
                result[i][j] = a[i][j] + b[i][j];
            }
        }
        return result;
    }

    private static NDArray run(NDManager manager, Block block, NDArray... inputs) {
        return block.forward(new ParameterStore(manager, false), new NDList(inputs), false)
                .singletonOrThrow();
    }

    private static NDArray array(NDManager manager, double[][] x) {
        float[] flat = new float[x.length * x[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) x[i / x[0].length][i % x[0].length];
        }
        return manager.create(flat, new Shape(1, x.length, x[0].length));
    }

    private static double[][] values(DecoderBlock decoder, String name, int rows) {
        Map<String, NDArray> arrays = DecoderDirectory.arrays(decoder);
        float[] flat = arrays.get(name).toFloatArray();
        int columns = flat.length / rows;
        double[][] result = new double[rows][columns];
        for (int i = 0; i < flat.length; i++) {
            result[i / columns][i % columns] = flat[i];
        }
        return result;
    }

    private static void agree(NDArray found, double[][] expected) {
        float[] flat = found.toFloatArray();
        int columns = expected[0].length;
        assertThat(flat).hasSize(expected.length * columns);
        for (int i = 0; i < flat.length; i++) {
            assertThat((double) flat[i])
                    .as("row %d, column %d", i / columns, i % columns)
                    .isCloseTo(expected[i / columns][i % columns], within(TOLERANCE * 4));
        }
    }
}
