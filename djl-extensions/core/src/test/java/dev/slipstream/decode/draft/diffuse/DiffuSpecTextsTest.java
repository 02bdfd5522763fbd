package dev.slipstream.decode.draft.diffuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AcceptanceRule;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Speculation;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.draft.ConstantLength;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Proofs 1 and 2: texts are the plain ones whatever is drafted, in as many runs as it should take.
 */
class DiffuSpecTextsTest {
    private static final int TOKENS = 40;
    private static final GenerationOptions GREEDY =
            GenerationOptions.builder().maxTokens(TOKENS).ignoreEndOfText(true).build();
    private static final GenerationOptions DRAWN =
            GREEDY.toBuilder().temperature(0.9).topP(0.95).repetitionPenalty(1.1).seed(8L).build();

    private static AutoregressiveGenerator open(
            String architecture, long seed, Precision precision, Path directory)
            throws IOException {
        RandomModel random = new RandomModel(architecture, seed).with("num_hidden_layers", "2");
        return Models.open(
                random.write(directory).toString(),
                LoadOptions.defaults().withPrecision(precision).withContextLength(0));
    }

    private static Generation generate(
            AutoregressiveGenerator plain,
            ScriptedDiffusion drafting,
            int most,
            Prompt prompt,
            GenerationOptions options) {
        // Not closed: the model is the plain one's.
        return new AutoregressiveGenerator(
                        plain.model(),
                        new Speculation(drafting, new ConstantLength(most), AcceptanceRule.BY_SEED))
                .generate(prompt, options);
    }

    private static List<Integer> ids(Generation text) {
        return text.tokens().stream().map(Token::id).toList();
    }

    private static int[] known(Prompt prompt, Generation plain) {
        return IntStream.concat(
                        Arrays.stream(prompt.ids()), plain.tokens().stream().mapToInt(Token::id))
                .toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "LlamaForCausalLM, 51, FP32",
        "Qwen2ForCausalLM, 52, FP32",
        "Qwen3ForCausalLM, 53, INT8"
    })
    void textsAreThePlainOnes(
            String architecture, long seed, Precision precision, @TempDir Path directory)
            throws IOException {
        try (AutoregressiveGenerator plain = open(architecture, seed, precision, directory)) {
            Prompt prompt = new Prompt("", IntStream.range(2, 11).toArray());
            Random random = new Random(seed);
            for (GenerationOptions ignoring : List.of(GREEDY, DRAWN)) {
                for (boolean ends : new boolean[] {false, true}) {
                    GenerationOptions options = ignoring.toBuilder().ignoreEndOfText(!ends).build();
                    Generation expected = plain.generate(prompt, options);
                    int[] known = known(prompt, plain.generate(prompt, ignoring));
                    for (int trial = 0; trial < 5; trial++) {
                        check(plain, prompt, options, expected, known, random);
                    }
                }
            }
        }
    }

    /** Any k, beam, mass and weight, with drafts of every kind. */
    private static void check(
            AutoregressiveGenerator plain,
            Prompt prompt,
            GenerationOptions options,
            Generation expected,
            int[] known,
            Random random) {
        int fewest = 1 + random.nextInt(6);
        String text =
                "k-min=%d,k-max=%d,delta=%d,rho=%s,candidates=%d,mass=%s,beam=%d,proxy-weight=%s,score=%s,steps=%d,proxy=%s"
                        .formatted(
                                fewest,
                                fewest + random.nextInt(30),
                                random.nextInt(10),
                                1 - random.nextDouble(),
                                1 + random.nextInt(20),
                                1 - random.nextDouble(),
                                1 + random.nextInt(5),
                                random.nextInt(3) / 2.0,
                                random.nextBoolean() ? "sum" : "mean",
                                1 + random.nextInt(3),
                                random.nextBoolean() ? "ngram" : "uniform");
        List<ScriptedDiffusion.Script> scripts =
                List.of(
                        ScriptedDiffusion.perfect(known),
                        ScriptedDiffusion.wrong(known),
                        ScriptedDiffusion.random(random.nextLong()),
                        ScriptedDiffusion.smeared(known, random.nextLong()));
        for (ScriptedDiffusion.Script script : scripts) {
            ScriptedDiffusion drafting =
                    new ScriptedDiffusion(
                            DiffuSpecOptions.parse(text),
                            plain.vocabularySize(),
                            Set.of(RandomModel.EOS),
                            script);
            Generation found = generate(plain, drafting, 1 + random.nextInt(20), prompt, options);
            assertThat(ids(found)).as(text).isEqualTo(ids(expected));
            assertThat(found.text()).isEqualTo(expected.text());
            assertThat(found.finishReason()).isEqualTo(expected.finishReason());
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "4", "7", "15"})
    void aDrafterThatKnowsTheTextSavesAllRunsButOneOfKPlusOne(int k, @TempDir Path directory)
            throws IOException {
        try (AutoregressiveGenerator plain =
                open("LlamaForCausalLM", 54, Precision.FP32, directory)) {
            Prompt prompt = new Prompt("", IntStream.range(2, 11).toArray());
            Generation expected = plain.generate(prompt, GREEDY);
            int[] known = known(prompt, expected);
            DiffuSpecOptions options = DiffuSpecOptions.parse("k-min=" + k + ",k-max=" + k);
            Generation perfect =
                    generate(
                            plain,
                            drafting(plain, options, ScriptedDiffusion.perfect(known)),
                            30,
                            prompt,
                            GREEDY);
            assertThat(ids(perfect)).isEqualTo(ids(expected));
            // One run for the prompt and its first token.
            assertThat(perfect.statistics().graphRuns()).isEqualTo(1 + (TOKENS - 1 + k) / (k + 1));
            Generation wrong =
                    generate(
                            plain,
                            drafting(plain, options, ScriptedDiffusion.wrong(known)),
                            30,
                            prompt,
                            GREEDY);
            assertThat(ids(wrong)).isEqualTo(ids(expected));
            assertThat(wrong.statistics().graphRuns()).isEqualTo(TOKENS);
            assertThat(wrong.statistics().work().acceptedTokens()).isZero();
        }
    }

    private static ScriptedDiffusion drafting(
            AutoregressiveGenerator plain,
            DiffuSpecOptions options,
            ScriptedDiffusion.Script script) {
        return new ScriptedDiffusion(
                options, plain.vocabularySize(), Set.of(RandomModel.EOS), script);
    }
}
