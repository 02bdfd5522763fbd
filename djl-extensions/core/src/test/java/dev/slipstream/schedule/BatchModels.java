package dev.slipstream.schedule;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Speculation;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Small models whose logits do not depend on what else is in a run, and requests to them. */
final class BatchModels {
    private static final String DIRECTORY =
            "../models/src/main/resources/META-INF/slipstream/models/";

    private BatchModels() {}

    static AutoregressiveGenerator open(String name) {
        return Models.open(
                DIRECTORY + name,
                LoadOptions.defaults().withPrecision(Precision.FP32).withCache(CacheOptions.NONE));
    }

    static AutoregressiveGenerator open(String name, @Nullable Speculation speculation) {
        LanguageModel model = open(name).model();
        return new AutoregressiveGenerator(model, speculation);
    }

    /** Returns a prompt of random tokens; its text is its name. */
    static Prompt prompt(String name, int length, int vocabulary, Random random) {
        return new Prompt(name, random.ints(length, 3, vocabulary).toArray());
    }

    /** Returns options that end at any length, greedy or seeded. */
    static GenerationOptions options(int vocabulary, Random random) {
        GenerationOptions.Builder options =
                GenerationOptions.builder()
                        .maxTokens(random.nextInt(60))
                        .ignoreEndOfText(random.nextBoolean())
                        .weight(0.1 + 10 * random.nextDouble());
        if (random.nextBoolean()) {
            options.temperature(0.2 + random.nextDouble())
                    .seed(random.nextLong())
                    .topK(random.nextInt(3) * 20)
                    .topP(0.5 + 0.5 * random.nextDouble());
        }
        if (random.nextBoolean()) {
            options.repetitionPenalty(1 + random.nextDouble())
                    .presencePenalty(random.nextDouble())
                    .frequencyPenalty(random.nextDouble());
        }
        if (random.nextInt(3) == 0) {
            options.stopStrings(List.of(random.nextBoolean() ? "the" : "a", "She was"));
        }
        if (random.nextInt(3) == 0) {
            options.logitBias(Map.of(random.nextInt(vocabulary), random.nextGaussian() * 5));
        }
        if (random.nextInt(4) == 0) {
            options.topLogProbabilities(0);
        }
        return options.build();
    }
}
