package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.schedule.BatchOptions;
import dev.slipstream.schedule.BatchingGenerator;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Texts that are drafted, share their runs with others, and find their beginnings in the cache, are
 * those of the same model decoded plainly and alone, to the last character and log-probability.
 */
@Timeout(600)
class DraftedServiceTest {
    private static final String MODELS = "../models/src/main/resources/META-INF/slipstream/models/";
    private static final int CONTEXT = 96;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @Test
    void aModelThatDraftsForItself() {
        check("stories260k", Precision.INT8, "layer-skip", "shared", 20);
    }

    @ParameterizedTest
    @Tag("thorough")
    @CsvSource({
        "storyteller-7m, INT8, slice, shared",
        "storyteller-7m, INT4, slice, own",
        "storyteller-7m, FP32, layer-skip, shared",
        "storyteller-7m, INT8, chain, shared",
        "stories260k, FP32, layer-skip, own",
        "stories260k, INT4, layer-skip, shared",
        "stories260k, INT8, prompt-lookup, shared",
        "stories260k, INT8, model, own"
    })
    void allDrafters(String name, Precision precision, String drafter, String cache) {
        check(name, precision, drafter, cache, 60);
    }

    private static void check(
            String name, Precision precision, String drafter, String cache, int requests) {
        long seed = new Random().nextLong();
        String description =
                "%s, %s, %s, %s, seed %d".formatted(name, precision, drafter, cache, seed);
        Random random = new Random(seed);
        Map<String, String> texts =
                Map.of(
                        "drafter",
                        drafter,
                        "cache",
                        cache,
                        "chain",
                        "prompt-lookup,slice",
                        "model",
                        MODELS + "stories260k",
                        "length",
                        "constant:" + (1 + random.nextInt(6)));
        LoadOptions options =
                LoadOptions.defaults()
                        .withPrecision(precision)
                        .withContextLength(CONTEXT)
                        .withThreads(1)
                        .withDrafting(DraftOptions.parse(texts::get))
                        .withCache(new CacheOptions(1 << 20, null))
                        .withBatching(
                                new BatchOptions(
                                        1 + random.nextInt(4),
                                        1000,
                                        BatchOptions.UNLIMITED,
                                        1 + random.nextInt(40)));
        try (BatchingGenerator service = Models.load(MODELS + name, options)) {
            AutoregressiveGenerator plain =
                    new AutoregressiveGenerator(Models.open(MODELS + name, options).model());
            int[] text = random.ints(CONTEXT, 3, plain.vocabularySize()).toArray();
            List<Generation> expected = new ArrayList<>();
            List<TokenStream> streams = new ArrayList<>();
            for (int i = 0; i < requests; i++) {
                Prompt prompt = prompt(text, random);
                GenerationOptions request = request(prompt, random);
                streams.add(service.stream(prompt, request));
                expected.add(plain.stream(prompt, request).readAll());
            }
            for (int i = 0; i < requests; i++) {
                Generation found = streams.get(i).readAll();
                String request = "request %d, %s".formatted(i, description);
                assertThat(found.text()).as(request).isEqualTo(expected.get(i).text());
                assertThat(found.tokens()).as(request).isEqualTo(expected.get(i).tokens());
                assertThat(found.finishReason())
                        .as(request)
                        .isEqualTo(expected.get(i).finishReason());
            }
            plain.close();
        }
    }

    /** Beginnings that requests share, then tokens of their own; one token, and nearly all. */
    private static Prompt prompt(int[] text, Random random) {
        int length =
                switch (random.nextInt(5)) {
                    case 0 -> 1;
                    case 1 -> CONTEXT - 1 - random.nextInt(3);
                    default -> 1 + random.nextInt(CONTEXT - 1);
                };
        int[] ids = Arrays.copyOf(text, length);
        for (int i = random.nextInt(length + 1); i < length; i++) {
            ids[i] = text[random.nextInt(text.length)];
        }
        return new Prompt("", ids);
    }

    private static GenerationOptions request(Prompt prompt, Random random) {
        GenerationOptions.Builder options =
                GenerationOptions.builder()
                        .maxTokens(
                                switch (random.nextInt(4)) {
                                    case 0 -> 1 + random.nextInt(2);
                                    case 1 -> CONTEXT - prompt.length();
                                    default -> 1 + random.nextInt(CONTEXT);
                                })
                        .ignoreEndOfText(random.nextBoolean())
                        .temperature(random.nextBoolean() ? 0 : 0.9)
                        .seed(random.nextLong());
        if (random.nextInt(3) == 0) {
            options.stopStrings(List.of("the", "a "));
        }
        if (random.nextInt(3) == 0) {
            options.topLogProbabilities(2);
        }
        return options.build();
    }
}
