package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models with random weights are models. */
class RandomModelTest {
    private static final ModelShape TINY =
            new ModelShape("tiny", 64, 2, 4, 2, 16, 96, 300, 16384, 10_000, 32.0);

    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(Precision.class)
    void writesWhatDoesNotRepeatItself(Precision precision) throws IOException {
        new RandomModel(TINY, 7).write(directory, written -> {});
        LoadOptions loading = LoadOptions.defaults().withPrecision(precision);
        try (AutoregressiveGenerator model = Models.open(directory.toString(), loading)) {
            GenerationOptions options =
                    GenerationOptions.builder()
                            .maxTokens(40)
                            .temperature(1)
                            .seed(3L)
                            .topLogProbabilities(2)
                            .ignoreEndOfText(true)
                            .build();
            Generation text = model.generate(model.prompt("Once upon a time"), options);
            assertThat(text.tokens()).hasSize(40);
            assertThat(text.tokens().stream().map(Token::id).distinct().count()).isGreaterThan(10);
            for (Token token : text.tokens()) {
                assertThat(token.logProbability()).isNegative().isFinite();
                assertThat(token.alternatives().get(0).logProbability())
                        .isGreaterThan(token.alternatives().get(1).logProbability());
            }
        }
    }

    @Test
    void itsTokenizerKeepsEveryCharacter() throws IOException {
        new RandomModel(TINY, 1).write(directory, written -> {});
        String json = Files.readString(directory.resolve("tokenizer.json"));
        try (Tokenizer tokenizer = new Tokenizer(json)) {
            String text = "Grüße, 世界!\n\t\u0000 w";
            int[] ids = tokenizer.encode(text, Tokenizer.SpecialTokens.AS_WRITTEN);
            assertThat(tokenizer.decode(ids, 0, ids.length)).isEqualTo(text);
            assertThat(tokenizer.highestId()).isEqualTo(TINY.vocabulary() - 1);
            assertThat(tokenizer.piece(299)).isEqualTo(" w299");
        }
    }

    @Test
    void theSeedTellsModelsApart() throws IOException {
        Path[] places = {directory.resolve("a"), directory.resolve("b"), directory.resolve("c")};
        for (int i = 0; i < places.length; i++) {
            Files.createDirectory(places[i]);
            new RandomModel(TINY, i / 2).write(places[i], written -> {});
        }
        byte[] first = Files.readAllBytes(places[0].resolve("model.safetensors"));
        assertThat(Files.readAllBytes(places[1].resolve("model.safetensors"))).isEqualTo(first);
        assertThat(Files.readAllBytes(places[2].resolve("model.safetensors"))).isNotEqualTo(first);
    }

    @Test
    void knownShapesHaveTheirModelsSizes() {
        assertThat(new RandomModel(ModelShape.SMOLLM2_135M, 0).parameters()).isEqualTo(134_515_008);
        assertThat(new RandomModel(ModelShape.LLAMA_32_1B, 0).parameters())
                .isEqualTo(1_235_814_400);
    }
}
