package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.evaluate.Perplexity;
import dev.slipstream.evaluate.PerplexityMeter;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What quantised weights cost: nats a token beyond those of 32-bit weights on the same text. The
 * bounds are stated in docs/precision.md; each measure is printed.
 */
class PrecisionQualityTest {
    private static final int TEXTS = 16;
    private static final int TOKENS = 240;

    @Test
    void storytellerReadsABookThatItWasNotTrainedOn() throws IOException {
        try (InputStream in = getClass().getResourceAsStream("/text-children/alice.txt")) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            check("storyteller-7m", read(text, new SlidingWindow(256, 256)), 0.002, 0.05);
        }
    }

    @Test
    @Tag("thorough")
    void storytellerReadsTheWholeValidationText() throws IOException {
        try (InputStream in =
                new GZIPInputStream(
                        Files.newInputStream(DataFolder.file("text-children/valid.txt.gz")))) {
            // Models were trained on line feeds; this file has Windows line ends.
            String text =
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
            check("storyteller-7m", read(text, new SlidingWindow(512, 256)), 0.002, 0.05);
        }
    }

    /**
     * On texts drawn from the 32-bit model itself the mean distance estimates how far the quantised
     * model's distribution has moved from it, the Kullback-Leibler divergence.
     */
    @ParameterizedTest
    @CsvSource({"stories260k, 0.005, 0.18", "babyllama105, 0.005, 0.14"})
    void storiesAreReadAsTheyWereWritten(String name, double int8, double int4) {
        List<int[]> stories = stories(name);
        check(name, model -> read(model, stories), int8, int4);
    }

    /** What is done with each precision. */
    private interface Reader {
        Perplexity read(LanguageModel model);
    }

    private static void check(String name, Reader reader, double int8, double int4) {
        Map<Precision, Perplexity> measured = new EnumMap<>(Precision.class);
        for (Precision precision : Precision.values()) {
            try (AutoregressiveGenerator generator = open(name, precision)) {
                measured.put(precision, reader.read(generator.model()));
            }
        }
        double exact = measured.get(Precision.FP32).natsPerToken();
        measured.forEach(
                (precision, perplexity) ->
                        System.out.printf(
                                "%s, %s: %d tokens, %.4f nats a token (%+.4f), perplexity %.3f%n",
                                name,
                                precision,
                                perplexity.tokens(),
                                perplexity.natsPerToken(),
                                perplexity.natsPerToken() - exact,
                                perplexity.perplexity()));
        assertThat(measured.get(Precision.INT8).natsPerToken() - exact).isBetween(-int8, int8);
        assertThat(measured.get(Precision.INT4).natsPerToken() - exact).isBetween(-int4, int4);
    }

    private static Reader read(String text, SlidingWindow window) {
        return model -> {
            int[] tokens = model.tokenizer().encode(text, Tokenizer.SpecialTokens.AS_WRITTEN);
            return new PerplexityMeter(model.decoder(), window, model.beginToken())
                    .measure(tokens, text.codePointCount(0, text.length()), done -> {});
        };
    }

    private static Perplexity read(LanguageModel model, List<int[]> stories) {
        PerplexityMeter meter =
                new PerplexityMeter(
                        model.decoder(), new SlidingWindow(TOKENS, TOKENS), model.beginToken());
        long tokens = 0;
        long characters = 0;
        double nats = 0;
        for (int[] story : stories) {
            int length = model.tokenizer().decode(story, 0, story.length).length();
            Perplexity perplexity = meter.measure(story, length, done -> {});
            tokens += perplexity.tokens();
            characters += perplexity.characters();
            nats += perplexity.nats();
        }
        return new Perplexity(tokens, characters, nats);
    }

    private static List<int[]> stories(String name) {
        List<int[]> stories = new ArrayList<>();
        try (AutoregressiveGenerator generator = open(name, Precision.FP32)) {
            for (long seed = 1; seed <= TEXTS; seed++) {
                GenerationOptions options =
                        GenerationOptions.builder()
                                .maxTokens(TOKENS)
                                .temperature(1)
                                .seed(seed)
                                .build();
                List<Token> tokens = generator.generate(generator.prompt(""), options).tokens();
                stories.add(tokens.stream().mapToInt(Token::id).toArray());
            }
        }
        return stories;
    }

    private static AutoregressiveGenerator open(String name, Precision precision) {
        return Models.open(name, LoadOptions.defaults().withPrecision(precision));
    }
}
