package dev.slipstream.decode.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.oracle.OracleModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The decoder against the papers' loop by the book, over models that an oracle computes. */
@Timeout(300)
class BlockDecoderTest {
    private static final int TEXTS = 300;

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource
    void writesWhatThePlainLoopWrites(BlockDiffusion.Alignment alignment) throws IOException {
        long seed = new Random().nextLong();
        System.out.println("blocks, " + alignment + ": seed " + seed);
        Random random = new Random(seed);
        Path files = BlockModels.write(directory, random.nextInt(1000), 8, alignment);
        OracleModel oracle = OracleModel.ofDirectory(files);
        try (LanguageModel model = BlockModels.open(files, 40)) {
            for (int i = 0; i < TEXTS; i++) {
                int[] prompt = prompt(model, 1 + random.nextInt(12), random);
                PlainBlockLoop.Setting setting = setting(alignment, random);
                GenerationOptions options = options(model, random);
                String which = "text %d, seed %d: %s, %s".formatted(i, seed, setting, options);
                PlainBlockLoop.Text expected =
                        new PlainBlockLoop(
                                        PlainModel.of(oracle),
                                        setting,
                                        options,
                                        model.endTokens(),
                                        40,
                                        prompt)
                                .decode();
                BlockRuns.Result found =
                        BlockRuns.decode(
                                model,
                                method(model, setting),
                                prompt,
                                options,
                                BlockRuns.of(oracle));
                System.out.println(
                        found.ids().size()
                                + " "
                                + found.finish()
                                + " "
                                + found.work().blocks()
                                + " "
                                + found.work().running());
                assertThat(found.ids()).as(which).isEqualTo(expected.ids());
                assertThat(found.finish()).as(which).isEqualTo(expected.finish());
            }
        }
    }

    private static PlainBlockLoop.Setting setting(
            BlockDiffusion.Alignment alignment, Random random) {
        ConfidenceKind kind = ConfidenceKind.values()[random.nextInt(3)];
        PlainBlockLoop.Rule rule = PlainBlockLoop.Rule.values()[random.nextInt(3)];
        double threshold = random.nextDouble();
        if (rule == PlainBlockLoop.Rule.ENTROPY_BOUNDED) {
            threshold *= 10;
        } else if (kind == ConfidenceKind.NEGATIVE_ENTROPY) {
            threshold *= -4;
        }
        return new PlainBlockLoop.Setting(
                new BlockDiffusion(8, BlockModels.MASK, alignment),
                1 + random.nextInt(9),
                random.nextInt(9),
                rule,
                kind,
                threshold,
                alignment == BlockDiffusion.Alignment.ALIGNED && random.nextBoolean(),
                random.nextInt(3) == 0);
    }

    private static BlockDecoding method(LanguageModel model, PlainBlockLoop.Setting setting) {
        Unmasking unmasking =
                switch (setting.rule()) {
                    case STATIC -> new StaticUnmasking(setting.kind());
                    case CONFIDENT -> new ConfidenceUnmasking(setting.threshold(), setting.kind());
                    case ENTROPY_BOUNDED -> new EntropyBoundedUnmasking(setting.threshold());
                };
        SelfVerification verification =
                new SelfVerification(
                        new RoutingPolicy.Always(),
                        VerificationScore.DEFAULT,
                        SpanRule.LIKELIEST,
                        1);
        return BlockDecoding.of(model.decoder())
                .withBorders(new FixedBlocks(setting.border()))
                .withUnmasking(unmasking)
                .withDenoisingSteps(setting.steps())
                .withStoring(setting.storeWhole() ? Storing.WHOLE : Storing.CAUSAL)
                .withVerification(setting.verify() ? verification : null);
    }

    private static GenerationOptions options(LanguageModel model, Random random) {
        GenerationOptions.Builder options =
                GenerationOptions.builder()
                        .maxTokens(random.nextInt(36))
                        .seed(random.nextLong())
                        .ignoreEndOfText(random.nextBoolean());
        if (random.nextBoolean()) {
            options.temperature(0.2 + random.nextDouble())
                    .topK(random.nextInt(3) * 10)
                    .topP(0.5 + 0.5 * random.nextDouble())
                    .minP(random.nextInt(2) * 0.01);
        }
        if (random.nextInt(3) == 0) {
            options.repetitionPenalty(1 + random.nextDouble())
                    .presencePenalty(random.nextDouble())
                    .frequencyPenalty(random.nextDouble());
        }
        if (random.nextInt(3) == 0) {
            int token = random.nextInt(model.decoder().vocabularySize());
            options.logitBias(Map.of(token, random.nextGaussian() * 5));
        }
        if (random.nextInt(4) == 0) {
            options.stopTokens(Set.of(random.nextInt(model.decoder().vocabularySize())));
        }
        return options.build();
    }

    private static int[] prompt(LanguageModel model, int length, Random random) {
        return random.ints(length, 2, model.decoder().vocabularySize()).toArray();
    }

    @Test
    void nothing() {}
}
