package dev.slipstream.decode.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Token;
import dev.slipstream.oracle.OracleModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The decoder against the papers' loop by the book, for random options. */
@Timeout(300)
class BlockDecoderTest {
    private static final int TEXTS = 12;
    private static final int BLOCK = 8;
    private static final int CONTEXT = 40;

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource
    void writesWhatThePlainLoopWrites(BlockDiffusion.Alignment alignment) throws IOException {
        long seed = new Random().nextLong();
        System.out.println("blocks, " + alignment + ": seed " + seed);
        Random random = new Random(seed);
        Path files = BlockModels.write(directory, random.nextInt(1000), BLOCK, alignment);
        OracleModel oracle = OracleModel.ofDirectory(files);
        try (LanguageModel model = BlockModels.open(files, CONTEXT)) {
            for (int i = 0; i < TEXTS; i++) {
                int[] prompt = prompt(model, 1 + random.nextInt(12), random);
                PlainBlockLoop.Setting setting = setting(alignment, random);
                GenerationOptions options = options(model, random);
                String which = "text %d, seed %d: %s, %s".formatted(i, seed, setting, options);
                PlainBlockLoop.Text expected =
                        plain(PlainModel.of(oracle), model, setting, options, prompt);
                BlockRuns.Result found =
                        BlockRuns.decode(
                                model,
                                method(model, setting),
                                prompt,
                                options,
                                BlockRuns.of(oracle));
                assertThat(found.ids()).as(which).isEqualTo(expected.ids());
                assertThat(found.finish()).as(which).isEqualTo(expected.finish());
                assertProgress(found, setting, which);
            }
        }
    }

    /** The same over the model's own runs, whose rows have the same bits with a cache and not. */
    @ParameterizedTest
    @EnumSource
    void writesWithItsCacheWhatThePlainLoopWritesWithout(BlockDiffusion.Alignment alignment)
            throws IOException {
        long seed = new Random().nextLong();
        System.out.println("cached blocks, " + alignment + ": seed " + seed);
        Random random = new Random(seed);
        Path files = BlockModels.write(directory, random.nextInt(1000), BLOCK, alignment);
        try (LanguageModel model = BlockModels.open(files, CONTEXT)) {
            for (int i = 0; i < 2 * TEXTS; i++) {
                int[] prompt = prompt(model, 1 + random.nextInt(12), random);
                PlainBlockLoop.Setting setting = setting(alignment, random);
                GenerationOptions options = options(model, random);
                String which = "text %d, seed %d: %s, %s".formatted(i, seed, setting, options);
                PlainBlockLoop.Text expected =
                        plain(PlainModel.of(model.decoder()), model, setting, options, prompt);
                // Not closed: the model is shared.
                Generation found =
                        new AutoregressiveGenerator(model, method(model, setting))
                                .generate(new Prompt("", prompt), options);
                assertThat(found.tokens().stream().map(Token::id).toList())
                        .as(which)
                        .isEqualTo(expected.ids());
                assertThat(found.finishReason()).as(which).isEqualTo(expected.finish());
            }
        }
    }

    /** S2D2 proof 6: every step keeps its quota or all that is left, and what is kept stays. */
    private static void assertProgress(
            BlockRuns.Result found, PlainBlockLoop.Setting setting, String which) {
        boolean aligned = setting.diffusion().alignment() == BlockDiffusion.Alignment.ALIGNED;
        if (aligned && setting.verify()) {
            // Its verifications cannot always be told from denoising runs.
            return;
        }
        int start = -1;
        int step = 0;
        int[] before = {};
        for (int i = 0; i < found.turns().size(); i++) {
            int[] now = found.turns().get(i).tokens();
            boolean causal = found.turns().get(i).visibility().isCausal();
            if (causal || Arrays.stream(now).noneMatch(token -> token == BlockModels.MASK)) {
                continue;
            }
            step = found.held().get(i) == start ? step + 1 : 0;
            if (step > 0) {
                assertThat(now).as(which).hasSameSizeAs(before);
                int known = 0;
                for (int place = 0; place < now.length; place++) {
                    if (before[place] != BlockModels.MASK) {
                        assertThat(now[place]).as(which).isEqualTo(before[place]);
                    } else if (now[place] != BlockModels.MASK) {
                        known++;
                    }
                }
                int steps = setting.steps() == 0 ? now.length : setting.steps();
                int quota = now.length / steps + (step - 1 < now.length % steps ? 1 : 0);
                // Something is unknown still, so the quota was met.
                assertThat(known).as(which).isGreaterThanOrEqualTo(Math.max(1, quota));
            }
            before = now;
            start = found.held().get(i);
        }
    }

    private static PlainBlockLoop.Text plain(
            PlainModel plain,
            LanguageModel model,
            PlainBlockLoop.Setting setting,
            GenerationOptions options,
            int[] prompt) {
        return new PlainBlockLoop(plain, setting, options, model.endTokens(), CONTEXT, prompt)
                .decode();
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
                new BlockDiffusion(BLOCK, BlockModels.MASK, alignment),
                1 + random.nextInt(BLOCK + 1),
                random.nextInt(BLOCK + 1),
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
}
