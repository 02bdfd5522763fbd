package dev.slipstream.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlainPerplexityTest {
    @Test
    void logProbabilitiesAreThoseOfTheSoftmax() {
        // e^0 / (e^0 + e^ln 3) = 1/4; a shift changes nothing.
        float[] logits = {0, (float) Math.log(3)};
        assertThat(PlainPerplexity.logProbability(logits, 0))
                .isCloseTo(Math.log(0.25), within(1e-7));
        assertThat(PlainPerplexity.logProbability(new float[] {1000, 1000}, 1))
                .isCloseTo(Math.log(0.5), within(1e-12));
    }

    @Test
    void windowsAreAveragedByTheirTokens(@TempDir Path directory) throws IOException {
        RandomModel random = new RandomModel("LlamaForCausalLM", 11);
        OracleModel model = OracleModel.ofDirectory(random.write(directory));
        int[] text = random.tokens(10);
        int[] second = Arrays.copyOfRange(text, 4, 8);
        int[] third = Arrays.copyOfRange(text, 8, 10);

        double withBegin = 0;
        withBegin += nats(model, 0, text[0], text[1], text[2], text[3]);
        withBegin += nats(model, 0, second[0], second[1], second[2], second[3]);
        withBegin += nats(model, 0, third[0], third[1]);
        assertThat(PlainPerplexity.meanNats(model, text, 4, OptionalInt.of(0)))
                .isCloseTo(withBegin / 10, within(1e-12));

        double without = nats(model, text[0], text[1], text[2], text[3]);
        without += nats(model, second) + nats(model, third);
        assertThat(PlainPerplexity.meanNats(model, text, 4, OptionalInt.empty()))
                .isCloseTo(without / 7, within(1e-12));
    }

    /** Each token's surprise from a computation of its own over what precedes it. */
    private static double nats(OracleModel model, int... window) {
        double nats = 0;
        for (int i = 1; i < window.length; i++) {
            float[][] logits = model.logits(Arrays.copyOf(window, i));
            nats -= PlainPerplexity.logProbability(logits[i - 1], window[i]);
        }
        return nats;
    }

    /** What the model writes itself surprises it least: less than the tokens in another order. */
    @Test
    void theStorytellersOwnTextIsLikelierThanItsReverse() throws IOException {
        Path directory =
                Path.of("../models/src/main/resources/META-INF/slipstream/models/storyteller-7m");
        OracleModel model = OracleModel.ofDirectory(directory);
        int[] ids =
                JsonParser.parseString(
                                Files.readString(
                                        Path.of("src/test/resources/storyteller-7m/golden.json")))
                        .getAsJsonObject()
                        .getAsJsonArray("greedy ids")
                        .asList()
                        .stream()
                        .mapToInt(id -> id.getAsInt())
                        .toArray();
        int[] reversed = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            reversed[i] = ids[ids.length - 1 - i];
        }
        double own = PlainPerplexity.meanNats(model, ids, 32, OptionalInt.of(0));
        double other = PlainPerplexity.meanNats(model, reversed, 32, OptionalInt.of(0));
        assertThat(own).isLessThan(other - 1);
    }
}
