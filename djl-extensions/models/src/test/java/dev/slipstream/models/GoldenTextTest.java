package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Token;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Greedy texts are those that the models' authors published, token for token. */
class GoldenTextTest {
    private static AutoregressiveGenerator open(String model) {
        return Models.open(model, LoadOptions.defaults().withPrecision(Precision.FP32));
    }

    @ParameterizedTest
    @CsvSource({"stories260k", "babyllama105"})
    void writesThePublishedText(String model) throws IOException {
        String golden = resource("/golden/" + model + ".txt").stripTrailing();
        try (AutoregressiveGenerator generator = open(model)) {
            Generation text =
                    generator.generate(
                            generator.prompt(""),
                            GenerationOptions.builder().maxTokens(256).build());
            assertThat(text.text().stripTrailing()).isEqualTo(golden);
        }
    }

    @Test
    void writesTheStorytellersGoldenTokens() throws IOException {
        JsonObject golden =
                JsonParser.parseString(resource("/golden/storyteller-7m.json")).getAsJsonObject();
        int[] prompt = ints(golden.getAsJsonArray("prompt ids"));
        int[] expected = ints(golden.getAsJsonArray("greedy ids"));
        try (AutoregressiveGenerator generator = open("storyteller-7m")) {
            Generation text =
                    generator.generate(
                            new Prompt("", prompt),
                            GenerationOptions.builder().maxTokens(expected.length).build());
            assertThat(text.tokens().stream().mapToInt(Token::id).toArray()).isEqualTo(expected);
        }
    }

    private static int[] ints(JsonArray array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).getAsInt()).toArray();
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = GoldenTextTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
