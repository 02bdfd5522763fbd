package dev.slipstream.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The oracle itself against what the models' authors published. */
class GoldenTextTest {
    private static final Path RESOURCES = Path.of("src/test/resources");
    private static final Path EMBEDDED =
            Path.of("../models/src/main/resources/META-INF/slipstream/models");

    @Test
    void stories260kWritesItsGoldenText() throws IOException {
        Path data = RESOURCES.resolve("stories260k");
        OracleModel model = OracleModel.ofLlama2c(data.resolve("stories260K.bin"));
        writesGoldenText(model, data.resolve("tok512.bin"), data);
    }

    @Test
    void babyLlamaWritesItsGoldenText() throws IOException {
        Path data = EMBEDDED.resolve("babyllama105");
        OracleModel model = OracleModel.ofLlama2c(data.resolve("model5000.bin"));
        writesGoldenText(model, data.resolve("tok105.bin"), RESOURCES.resolve("babyllama105"));
    }

    private static void writesGoldenText(OracleModel model, Path tokenizer, Path golden)
            throws IOException {
        int[] bos = {Llama2cPieces.BOS};
        int[] written = model.greedy(bos, 256);

        String text = Llama2cPieces.read(tokenizer, model.vocabulary()).decode(written);
        assertThat(text + "\n")
                .isEqualTo(Files.readString(golden.resolve("golden-greedy-256.txt")));
        everyTokenIsTheLikeliest(model, bos, written);
    }

    @Test
    void storytellerAgreesWithItsGoldenNumbers() throws IOException {
        JsonObject golden =
                JsonParser.parseString(
                                Files.readString(RESOURCES.resolve("storyteller-7m/golden.json")))
                        .getAsJsonObject();
        int[] prompt = ints(golden.getAsJsonArray("prompt ids"));
        int[] greedy = ints(golden.getAsJsonArray("greedy ids"));
        JsonArray first = golden.getAsJsonArray("logits[0:16] at the last prompt position");
        OracleModel model = OracleModel.ofDirectory(EMBEDDED.resolve("storyteller-7m"));

        float[] logits = model.logits(prompt)[prompt.length - 1];

        for (int i = 0; i < first.size(); i++) {
            assertThat(logits[i]).isCloseTo(first.get(i).getAsFloat(), within(1e-3f));
        }
        assertThat(model.greedy(prompt, greedy.length)).containsExactly(greedy);
        everyTokenIsTheLikeliest(model, prompt, greedy);
    }

    /**
     * The full computation over prompt and continuation at once; as no position sees later ones,
     * this says as much as a full computation a token.
     */
    private static void everyTokenIsTheLikeliest(OracleModel model, int[] prompt, int[] written) {
        int[] all = IntStream.concat(Arrays.stream(prompt), Arrays.stream(written)).toArray();
        float[][] logits = model.logits(Arrays.copyOf(all, all.length - 1));
        for (int i = prompt.length; i < all.length; i++) {
            assertThat(OracleModel.likeliest(logits[i - 1])).as("position %d", i).isEqualTo(all[i]);
        }
    }

    private static int[] ints(JsonArray array) {
        return array.asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    }
}
