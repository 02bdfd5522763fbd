package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.SelfDraftShape;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Int8CacheTest {
    private static final int CONTEXT = 64;

    @TempDir Path directory;

    @ParameterizedTest
    @CsvSource({
        "LlamaForCausalLM, 90",
        "LlamaForCausalLM, 91",
        "Qwen2ForCausalLM, 92",
        "Qwen3ForCausalLM, 93",
        "MistralForCausalLM, 94"
    })
    void movesTheLogitsLittle(String architecture, long seed) throws IOException {
        RandomModel random = new RandomModel(architecture, seed);
        random.write(directory);
        OnnxModel floats = graph(SelfDraftShape.none());
        OnnxModel kept = passed("quantise", floats, calibration(random));
        OnnxModel integers = passed("quantise:cache=int8", floats, calibration(random));
        int[] tokens = random.tokens(40);
        double moved = Logits.difference(Logits.of(integers, tokens), Logits.of(kept, tokens));
        assertThat(moved).as(random.toString()).isBetween(1e-5, 0.06);
        assertThat(oneByOne(integers, tokens))
                .as("tokens one by one")
                .satisfies(
                        rows ->
                                assertThat(Logits.difference(rows, Logits.of(kept, tokens)))
                                        .isLessThan(0.06));
    }

    @Test
    void takesAQuarterOfTheMemory() throws IOException {
        RandomModel random = new RandomModel("LlamaForCausalLM", 95);
        random.write(directory);
        OnnxModel floats = graph(SelfDraftShape.none());
        long before = bytes(passed("quantise", floats, null));
        long after = bytes(passed("quantise:cache=int8", floats, calibration(random)));
        assertThat(4 * after).isEqualTo(before);
    }

    @Test
    void refusesAttentionInBranchesAndModelsWithout() throws IOException {
        RandomModel random = new RandomModel("LlamaForCausalLM", 96).with("num_hidden_layers", "1");
        random.write(directory);
        OnnxModel gated =
                graph(
                        new SelfDraftShape(
                                List.of(
                                        new SelfDraftShape.Layer(
                                                SelfDraftShape.Attention.SKIPPED, 0))));
        assertThatThrownBy(() -> passed("quantise:cache=int8", gated, calibration(random)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("found past_key_values.0.key; use cache=fp32");
        OnnxModel floats = graph(SelfDraftShape.none());
        assertThatThrownBy(() -> passed("quantise:cache=int8", floats, null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("cache=int8: expected a calibration text, found none");
    }

    private static long bytes(OnnxModel graph) {
        try (DecoderModel model = DecoderModel.open(graph, CONTEXT, RuntimeOptions.defaults())) {
            return model.bytesPerToken();
        }
    }

    private static float[][] oneByOne(OnnxModel graph, int[] tokens) {
        try (DecoderModel model = DecoderModel.open(graph, CONTEXT, RuntimeOptions.defaults());
                DecoderSession session = model.newSession()) {
            float[][] rows = new float[tokens.length][model.vocabularySize()];
            for (int i = 0; i < tokens.length; i++) {
                session.forward(tokens, i, i + 1, LogitRows.LAST).row(0).get(rows[i]);
            }
            return rows;
        }
    }

    private static Calibration calibration(RandomModel random) {
        return new Calibration(
                IntStream.range(50, 60).mapToObj(random::tokens).toList(),
                RuntimeOptions.defaults());
    }

    private static OnnxModel passed(String pass, OnnxModel graph, Calibration calibration) {
        return new Pipeline(Passes.create(List.of(pass)))
                .apply(graph, calibration, applied -> {})
                .graph();
    }

    private OnnxModel graph(SelfDraftShape shape) {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderGraphs.write(
                "tested",
                DecoderConfig.read(files),
                SafeTensors.read(files),
                Precision.FP32,
                CONTEXT,
                shape);
    }
}
