package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.ExportedDecoder.Variant;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Exports of other people's form against straight loops over rounded weights. What is left between
 * the two is the graph's rounding of activations; see {@code QuantizedAgainstOracleTest}.
 */
class QuantisedExportTest {
    /** Found 0.010 to 0.024. */
    private static final double MOST = 0.035;

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(
            value = Variant.class,
            names = {"NO_POSITION_IDS", "ATTENTION_OPERATOR", "MERGED"})
    void agreesWithRoundedWeights(Variant variant) throws IOException {
        for (String tied : List.of("true", "false")) {
            RandomModel random =
                    new RandomModel("LlamaForCausalLM", 80).with("tie_word_embeddings", tied);
            OnnxModel graph = export(random, Set.of(variant));
            OracleModel oracle = OracleModel.ofDirectory(directory);
            int[] tokens = random.tokens(30);
            float[][] exact = oracle.logits(tokens);
            for (int bits : new int[] {8, 4}) {
                OnnxModel passed = passed("quantise:weights=int" + bits, graph);
                float[][] found = Logits.of(passed, tokens);
                assertThat(Logits.difference(found, oracle.rounded(bits).logits(tokens)))
                        .as("int%d, %s", bits, random)
                        .isLessThan(MOST)
                        .isLessThan(Logits.difference(found, exact));
                assertThat(passed.initializers().values())
                        .noneMatch(
                                tensor ->
                                        tensor.type() == ElementType.FLOAT
                                                && tensor.shape().size() == 2
                                                && tensor.shape().get(1) > 16);
            }
        }
    }

    /** A file that any ONNX Runtime opens, read back, answers the same. */
    @Test
    void survivesAFile() throws IOException {
        RandomModel random = new RandomModel("LlamaForCausalLM", 81);
        OnnxModel passed = passed("quantise:weights=int4", export(random, Set.of(Variant.MERGED)));
        Path file = directory.resolve("passed.onnx");
        passed.write(file);
        int[] tokens = random.tokens(20);
        assertThat(Logits.of(OnnxModel.read(file), tokens))
                .isDeepEqualTo(Logits.of(passed, tokens));
    }

    /** In branches nothing is seen of the inputs; outside, GPTQ sees them. */
    @ParameterizedTest
    @EnumSource(
            value = Variant.class,
            names = {"NO_POSITION_IDS", "MERGED"})
    void isSearchedInAndOutsideOfBranches(Variant variant) throws IOException {
        RandomModel random =
                new RandomModel("LlamaForCausalLM", 82).with("tie_word_embeddings", "false");
        OnnxModel graph = export(random, Set.of(variant));
        Calibration calibration =
                new Calibration(
                        IntStream.range(50, 60).mapToObj(random::tokens).toList(),
                        RuntimeOptions.defaults());
        Pipeline.Result result =
                new Pipeline(Passes.create(List.of("quantise:weights=int4,method=gptq")))
                        .apply(graph, calibration, pass -> {});
        int[] tokens = random.tokens(30);
        float[][] exact = Logits.of(graph, tokens);
        double searched = Logits.difference(Logits.of(result.graph(), tokens), exact);
        double nearest =
                Logits.difference(Logits.of(passed("quantise:weights=int4", graph), tokens), exact);
        assertThat(searched).as(random.toString()).isLessThan(nearest);
        List<?> blind = (List<?>) result.reports().get(0).facts().get("blind");
        Object all = result.reports().get(0).facts().get("matrices");
        if (variant == Variant.MERGED) {
            assertThat(blind).as("all").hasSize((Integer) all);
        } else {
            assertThat(blind.toString()).isEqualTo("[model.embed_tokens.weight]");
        }
    }

    private OnnxModel export(RandomModel random, Set<Variant> variants) throws IOException {
        random.write(directory);
        Path file = directory.resolve("model.onnx");
        ExportedDecoder.write(directory, file, variants);
        return OnnxModel.read(file);
    }

    private static OnnxModel passed(String pass, OnnxModel graph) {
        return new Pipeline(Passes.create(List.of(pass))).apply(graph, null, applied -> {}).graph();
    }
}
