package dev.slipstream.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The part of a graph that drafts, against the plain graph of a checkpoint whose other weights are
 * zeros.
 */
class SelfDraftGraphTest {
    private static final int CONTEXT = 64;

    /** How near logits of a deviation of 2 must be. */
    private enum Nearness {
        SAME(0),
        /** Another order of one addition. */
        NEAR(1e-4f),
        /**
         * Then an activation may round to the next of 255 steps, seldom, but with effects on all
         * positions behind: the mean of all logits. Another width is off by more than 1.
         */
        ON_AVERAGE(0.1f);

        final float tolerance;

        Nearness(float tolerance) {
            this.tolerance = tolerance;
        }
    }

    @TempDir Path directory;

    /** Weights of which some elements are zeros. */
    private record Masked(Weights weights, Mask mask) implements ForwardingWeights {
        interface Mask {
            boolean isZero(String name, int row, int column);
        }

        @Override
        public Tensor tensor(String name) {
            Tensor whole = Floats.toFloat32(weights.tensor(name));
            int columns = Math.toIntExact(whole.shape().get(whole.shape().size() - 1));
            ByteBuffer kept = DirectBytes.allocate(whole.elements() * Float.BYTES);
            for (int i = 0; i < whole.elements(); i++) {
                float value = whole.data().getFloat(i * Float.BYTES);
                boolean zero = mask.isZero(name, i / columns, i % columns);
                kept.putFloat(i * Float.BYTES, zero ? 0 : value);
            }
            return new Tensor(ElementType.FLOAT, whole.shape(), kept);
        }
    }

    static Stream<Arguments> models() {
        return Stream.of("LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")
                .flatMap(
                        architecture ->
                                LongStream.range(0, 2)
                                        .boxed()
                                        .flatMap(
                                                seed ->
                                                        Stream.of(Precision.values())
                                                                .map(
                                                                        precision ->
                                                                                Arguments.of(
                                                                                        nested(
                                                                                                architecture,
                                                                                                seed),
                                                                                        seed,
                                                                                        precision))));
    }

    private static RandomModel nested(String architecture, long seed) {
        RandomModel model =
                new RandomModel(architecture, seed)
                        .with("num_hidden_layers", "3")
                        .with("slipstream", "{\"ffn_granularities\": [32, 64]}");
        return architecture.startsWith("Llama") && seed == 0
                ? model.with("attention_bias", "true").with("intermediate_size", "172")
                : model;
    }

    @ParameterizedTest
    @MethodSource("models")
    void aSliceIsTheModelWithoutTheOtherNeurons(RandomModel random, long seed, Precision precision)
            throws IOException {
        DecoderConfig config = config(random.write(directory));
        Random widths = new Random(seed);
        int[] width =
                widths.ints(config.layers(), 1, config.intermediateSize() / 32)
                        .map(blocks -> blocks * 32)
                        .toArray();
        SelfDraftShape shape = SelfDraftShape.slice(width);
        Nearness draft = precision == Precision.FP32 ? Nearness.NEAR : Nearness.ON_AVERAGE;
        check(
                random,
                precision,
                shape,
                (name, row, column) ->
                        name.endsWith("mlp.down_proj.weight") && column >= width[layer(name)],
                draft,
                Nearness.SAME);
    }

    @ParameterizedTest
    @MethodSource("models")
    void skippedSubLayersAddNothing(RandomModel random, long seed, Precision precision)
            throws IOException {
        DecoderConfig config = config(random.write(directory));
        Random skips = new Random(seed);
        Set<Integer> attentions = Set.of(skips.nextInt(3));
        Set<Integer> feedForwards = Set.of(0, 1 + skips.nextInt(2));
        check(
                random,
                precision,
                SelfDraftShape.skip(config, attentions, feedForwards),
                (name, row, column) ->
                        name.contains("self_attn.o_proj") && attentions.contains(layer(name))
                                || name.contains("mlp.down_proj")
                                        && feedForwards.contains(layer(name)),
                Nearness.NEAR,
                Nearness.SAME);
    }

    /**
     * Compares both depths.
     *
     * @param mask what makes the draft of the plain model
     * @param draftNearness of the draft to its oracle
     * @param fullNearness of the whole model to the plain one
     */
    private void check(
            RandomModel random,
            Precision precision,
            SelfDraftShape shape,
            Masked.Mask mask,
            Nearness draftNearness,
            Nearness fullNearness)
            throws IOException {
        Weights weights = weights();
        int[] tokens = random.tokens(24);
        try (DecoderModel gated = open(weights, precision, shape);
                DecoderModel plain = open(weights, precision, SelfDraftShape.none());
                DecoderModel draft =
                        open(new Masked(weights, mask), precision, SelfDraftShape.none());
                DecoderSession session = gated.newSession();
                DecoderSession whole = plain.newSession();
                DecoderSession part = draft.newSession()) {
            assertThat(gated.drafts()).isTrue();
            compare(
                    session.forward(tokens, 0, 20, LogitRows.ALL, Depth.DRAFT),
                    part.forward(tokens, 0, 20, LogitRows.ALL),
                    draftNearness);
            for (int i = 20; i < 24; i++) {
                compare(
                        session.forward(tokens, i, i + 1, LogitRows.LAST, Depth.DRAFT),
                        part.forward(tokens, i, i + 1, LogitRows.LAST),
                        draftNearness);
            }
            session.rollback(0);
            compare(
                    session.forward(tokens, 0, 16, LogitRows.ALL),
                    whole.forward(tokens, 0, 16, LogitRows.ALL),
                    fullNearness);
            session.forward(tokens, 20, 24, LogitRows.LAST, Depth.DRAFT);
            session.rollback(16);
            compare(
                    session.forward(tokens, 16, 24, LogitRows.ALL),
                    whole.forward(tokens, 16, 24, LogitRows.ALL),
                    fullNearness);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void onlyColumnsThatDraftAreThereTwice(Precision precision) throws IOException {
        DecoderConfig config = config(nested("LlamaForCausalLM", 3).write(directory));
        OnnxModel plain = graph(weights(), precision, SelfDraftShape.none());
        OnnxModel sliced = graph(weights(), precision, SelfDraftShape.slice(config, 32));
        long copied = bytes(sliced, "mlp.draft.down_proj");
        assertThat(copied * config.intermediateSize())
                .isEqualTo(bytes(plain, "mlp.down_proj") * 32);
        assertThat(bytes(sliced, "") - copied).isEqualTo(bytes(plain, ""));
        assertThat(
                        bytes(
                                graph(
                                        weights(),
                                        precision,
                                        SelfDraftShape.skip(config, Set.of(0, 1, 2), Set.of(1))),
                                ""))
                .isEqualTo(bytes(plain, ""));
    }

    @Test
    void rowsOfFloatsAreViewsOfTheFile() throws IOException {
        DecoderConfig config = config(nested("LlamaForCausalLM", 4).write(directory));
        Weights weights = weights();
        String module = "model.layers.1.mlp.%sup_proj.weight";
        Weights sliced = new FeedForwardSlices(weights, config, SelfDraftShape.slice(config, 32));
        Tensor whole = weights.tensor(module.formatted(""));
        int bytes = 32 * config.hiddenSize() * Float.BYTES;
        Tensor first = sliced.tensor(module.formatted("draft."));
        Tensor rest = sliced.tensor(module.formatted("rest."));
        assertThat(first.data()).isEqualTo(whole.data().slice(0, bytes));
        assertThat(rest.data())
                .isEqualTo(whole.data().slice(bytes, whole.data().remaining() - bytes));
        assertThat(first.data().isReadOnly()).isEqualTo(whole.data().isReadOnly());
        assertThat(List.of(first, rest)).allMatch(tensor -> tensor.data().isDirect());
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"INT8", "INT4"})
    void slicesRoundAsTheWholeMatrix(Precision precision) throws IOException {
        DecoderConfig config = config(nested("LlamaForCausalLM", 5).write(directory));
        String name = "model.layers.0.mlp.%sdown_proj.weight";
        Weights sliced = new FeedForwardSlices(weights(), config, SelfDraftShape.slice(config, 64));
        BlockQuantizer quantizer = new BlockQuantizer(precision);
        QuantizedMatrix whole = quantizer.quantize(List.of(sliced.tensor(name.formatted(""))));
        QuantizedMatrix draft =
                quantizer.quantize(List.of(sliced.tensor(name.formatted("draft."))));
        checkColumns(whole.values(), draft.values());
        checkColumns(whole.scales(), draft.scales());
    }

    private static void checkColumns(Tensor whole, Tensor first) {
        int rows = Math.toIntExact(whole.shape().get(0));
        int row = whole.data().remaining() / rows;
        int left = first.data().remaining() / rows;
        for (int i = 0; i < rows; i++) {
            assertThat(first.data().slice(i * left, left))
                    .isEqualTo(whole.data().slice(i * row, left));
        }
    }

    @Test
    void refusesToSliceAModelThatWasNotTrainedForIt() throws IOException {
        DecoderConfig config = config(new RandomModel("LlamaForCausalLM", 6).write(directory));
        assertThatThrownBy(() -> graph(weights(), Precision.FP32, SelfDraftShape.slice(config, 32)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("tested, layer 0")
                .hasMessageContaining("slipstream.ffn_granularities");
    }

    @Test
    void refusesWidthsBetweenBlocks() throws IOException {
        DecoderConfig config = config(nested("LlamaForCausalLM", 7).write(directory));
        assertThatThrownBy(() -> graph(weights(), Precision.INT8, SelfDraftShape.slice(config, 40)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("a multiple of 32")
                .hasMessageContaining("[32, 64]")
                .hasMessageContaining("found 40");
    }

    @Test
    void refusesLayersThatAreNotThere() throws IOException {
        DecoderConfig config = config(nested("LlamaForCausalLM", 8).write(directory));
        assertThatThrownBy(() -> SelfDraftShape.skip(config, Set.of(3), Set.of()))
                .hasMessage("attentions: expected layers of 0 to 2, found 3");
        assertThatThrownBy(() -> graph(weights(), Precision.FP32, SelfDraftShape.slice(32, 32)))
                .hasMessageContaining("expected a draft of 3 layers, found one of 2");
    }

    private static int layer(String name) {
        return Integer.parseInt(name.split("\\.")[2]);
    }

    private static DecoderConfig config(Path written) {
        return DecoderConfig.read(ModelFiles.of(written));
    }

    private Weights weights() {
        return SafeTensors.read(ModelFiles.of(directory));
    }

    private OnnxModel graph(Weights weights, Precision precision, SelfDraftShape shape) {
        return DecoderGraphs.write("tested", config(directory), weights, precision, CONTEXT, shape);
    }

    private DecoderModel open(Weights weights, Precision precision, SelfDraftShape shape) {
        OnnxModel graph = graph(weights, precision, shape);
        graph.validate();
        return DecoderModel.open(graph, CONTEXT, RuntimeOptions.defaults());
    }

    private static long bytes(OnnxModel graph, String named) {
        return graph.initializers().entrySet().stream()
                .filter(tensor -> tensor.getKey().contains(named))
                .mapToLong(tensor -> tensor.getValue().data().remaining())
                .sum();
    }

    private static void compare(Logits found, Logits expected, Nearness nearness) {
        assertThat(found.rows()).isEqualTo(expected.rows());
        double sum = 0;
        float most = 0;
        for (int i = 0; i < found.values().capacity(); i++) {
            float off = Math.abs(found.values().get(i) - expected.values().get(i));
            sum += off;
            // Negated, so that NaN counts.
            most = !(off <= most) ? off : most;
        }
        double distance = nearness == Nearness.ON_AVERAGE ? sum / found.values().capacity() : most;
        assertThat(distance).isLessThanOrEqualTo(nearness.tolerance);
    }
}
