package dev.slipstream.decode;

import static dev.slipstream.decode.DraftedTexts.EMBEDDED;
import static dev.slipstream.decode.DraftedTexts.GREEDY;
import static dev.slipstream.decode.DraftedTexts.agrees;
import static dev.slipstream.decode.DraftedTexts.agreesWhereItIsRight;
import static dev.slipstream.decode.DraftedTexts.open;

import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drafted texts are those of plain decoding, token for token, whatever the drafter does. */
@Timeout(300)
class SpeculativeDecodingTest {
    private static AutoregressiveGenerator stories;
    private static AutoregressiveGenerator baby;

    @BeforeAll
    static void openModels() {
        stories = open(EMBEDDED + "stories260k", 0);
        baby = open(EMBEDDED + "babyllama105", 0);
    }

    @AfterAll
    static void closeModels() {
        stories.close();
        baby.close();
    }

    /** Not the models themselves as arguments: JUnit closes its arguments. */
    private static AutoregressiveGenerator model(String name) {
        return name.equals("stories260k") ? stories : baby;
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260k", "babyllama105"})
    void greedyTextsAreThePlainOnes(String name) {
        AutoregressiveGenerator model = model(name);
        agrees(
                model,
                model.prompt("Once upon a time"),
                GREEDY.toBuilder().topLogProbabilities(3).build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260k", "babyllama105"})
    void textsOfOneTokenPromptsAreThePlainOnes(String name) {
        AutoregressiveGenerator model = model(name);
        agrees(model, model.prompt(""), GREEDY.toBuilder().maxTokens(16).build());
    }

    static Stream<RandomModel> tinyTargets() {
        return LongStream.range(1, 5).mapToObj(SpeculativeDecodingTest::tinyTarget);
    }

    static Stream<RandomModel> manyTinyTargets() {
        return LongStream.range(100, 180).mapToObj(SpeculativeDecodingTest::tinyTarget);
    }

    private static RandomModel tinyTarget(long seed) {
        String[] architectures = {"Llama", "Mistral", "Qwen2", "Qwen3"};
        RandomModel model =
                new RandomModel(architectures[(int) (seed % 4)] + "ForCausalLM", seed)
                        .with("num_hidden_layers", "2");
        return seed % 4 == 1 ? model.with("sliding_window", "5") : model;
    }

    @ParameterizedTest
    @MethodSource("tinyTargets")
    void textsOfRandomTargetsAreThePlainOnes(RandomModel random, @TempDir Path directory)
            throws IOException {
        try (AutoregressiveGenerator model = open(random.write(directory).toString(), 0)) {
            agrees(model, new Prompt("", random.tokens(9)), GREEDY);
        }
    }

    @ParameterizedTest
    @MethodSource("manyTinyTargets")
    @Tag("thorough")
    void textsOfManyRandomTargetsAreThePlainOnes(RandomModel random, @TempDir Path directory)
            throws IOException {
        textsOfRandomTargetsAreThePlainOnes(random, directory);
    }

    /** Its keys and values move at every run and every cut. */
    @Test
    void textsOfAnExportedTargetAreThePlainOnes(@TempDir Path directory) throws IOException {
        RandomModel random = tinyTarget(4);
        Path checkpoint = random.write(directory.resolve("checkpoint"));
        Path exported = Files.createDirectories(directory.resolve("exported"));
        for (String file :
                new String[] {"config.json", "tokenizer.json", "tokenizer_config.json"}) {
            Files.copy(checkpoint.resolve(file), exported.resolve(file));
        }
        ExportedDecoder.write(checkpoint, exported.resolve("model.onnx"), Set.of());
        try (AutoregressiveGenerator model = open(exported.toString(), 0)) {
            agrees(model, new Prompt("", random.tokens(9)), GREEDY);
        }
    }

    static Stream<GenerationOptions> knobs() {
        return Stream.of(
                GREEDY.toBuilder().repetitionPenalty(1.3).build(),
                GREEDY.toBuilder().presencePenalty(0.7).frequencyPenalty(0.4).build(),
                GREEDY.toBuilder().logitBias(Map.of(5, 2.0, 300, 4.0)).build(),
                GREEDY.toBuilder()
                        .temperature(0.9)
                        .topK(40)
                        .topP(0.95)
                        .minP(0.01)
                        .repetitionPenalty(1.1)
                        .build());
    }

    @ParameterizedTest
    @MethodSource("knobs")
    void knobsAndSeedsGiveThePlainText(GenerationOptions options) {
        for (long seed = 0; seed < 4; seed++) {
            agreesWhereItIsRight(
                    stories,
                    "Lily and Ben",
                    2 + 2 * (int) seed,
                    options.toBuilder().seed(seed).topLogProbabilities(2).build());
        }
    }
}
