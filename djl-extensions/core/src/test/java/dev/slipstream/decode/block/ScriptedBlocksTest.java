package dev.slipstream.decode.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Token;
import dev.slipstream.runtime.ContextAttention;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks of a model whose logits a script says. */
@Timeout(120)
class ScriptedBlocksTest {
    private static final int BLOCK = 8;
    private static final int[] PROMPT = {5, 6, 7, 8, 9};
    private static final int NEWLINE = 30;

    @TempDir static Path directory;

    private static final Map<BlockDiffusion.Alignment, LanguageModel> MODELS =
            new EnumMap<>(BlockDiffusion.Alignment.class);

    @BeforeAll
    static void openModels() throws IOException {
        for (BlockDiffusion.Alignment alignment : BlockDiffusion.Alignment.values()) {
            Path files = Files.createDirectory(directory.resolve(alignment.name()));
            MODELS.put(
                    alignment,
                    BlockModels.open(BlockModels.write(files, 3, BLOCK, alignment), 128, BLOCK));
        }
    }

    @AfterAll
    static void closeModels() {
        MODELS.values().forEach(LanguageModel::close);
    }

    /** What stands at a position of the text, and how sure the model is of it. */
    private interface Script {
        int token(int position);

        /** Returns by how much its logit is above the others. */
        double sureness(int position);
    }

    /** Every token is sure. */
    private static Script sure(int... tokens) {
        return new Script() {
            @Override
            public int token(int position) {
                return tokens[position % tokens.length];
            }

            @Override
            public double sureness(int position) {
                return 20;
            }
        };
    }

    /** Any token with any sureness, always the same at a position. */
    private static Script random(long seed) {
        return new Script() {
            @Override
            public int token(int position) {
                return 2 + new Random(seed + position).nextInt(BlockModels.MASK - 2);
            }

            @Override
            public double sureness(int position) {
                return 10 * new Random(~seed - position).nextDouble();
            }
        };
    }

    /** Predicts what the script has at the position that a row is of, whatever is fed. */
    private static BlockRuns.Source source(
            BlockDiffusion.Alignment alignment, Script script, int vocabulary) {
        int ahead = alignment == BlockDiffusion.Alignment.SHIFTED ? 1 : 0;
        return (held, turn) -> {
            float[][] rows = new float[turn.length()][vocabulary];
            for (int i = 0; i < rows.length; i++) {
                int position = held.length + turn.visibility().place(i) + ahead;
                rows[i][script.token(position)] = (float) script.sureness(position);
            }
            return rows;
        };
    }

    private static BlockRuns.Result decode(
            BlockDecoding method, GenerationOptions options, Script script) {
        LanguageModel model = MODELS.get(method.diffusion().alignment());
        int vocabulary = model.decoder().vocabularySize();
        return BlockRuns.decode(
                model,
                method,
                PROMPT,
                options,
                source(method.diffusion().alignment(), script, vocabulary));
    }

    private static BlockDecoding method(BlockDiffusion.Alignment alignment) {
        return BlockDecoding.of(MODELS.get(alignment).decoder());
    }

    private static List<Integer> expected(Script script, int count) {
        return IntStream.range(PROMPT.length, PROMPT.length + count)
                .map(script::token)
                .boxed()
                .toList();
    }

    /** NBDiff proof 7: where the model is sure, a block takes two runs, not one a token. */
    @ParameterizedTest
    @EnumSource
    void nbdiffSavesRunsWhereTheModelIsSure(BlockDiffusion.Alignment alignment) {
        Script script = sure(10, 11, 12);
        BlockRuns.Result found = decode(method(alignment), BlockModels.greedy(40), script);
        assertThat(found.ids()).isEqualTo(expected(script, 40));
        assertThat(found.work().blocks()).isEqualTo(new BlockWork(5, 40, 5, 0, 4, 0, 0, 0));
        assertThat(found.work().blocks().runs()).isEqualTo(9);
        assertThat(found.work().blocks().tokensPerRun()).isCloseTo(40 / 9.0, within(1e-9));
    }

    @ParameterizedTest
    @CsvSource({
        "SHIFTED, 0, 7", "SHIFTED, 1, 1", "SHIFTED, 2, 2", "SHIFTED, 3, 3", "SHIFTED, 20, 7",
        "ALIGNED, 0, 8", "ALIGNED, 1, 1", "ALIGNED, 2, 2", "ALIGNED, 3, 3", "ALIGNED, 20, 8",
    })
    void stepsAreTheMostRunsOfABlock(BlockDiffusion.Alignment alignment, int steps, int runs) {
        Script script = random(4);
        BlockDecoding method =
                method(alignment).withUnmasking(new StaticUnmasking()).withDenoisingSteps(steps);
        BlockRuns.Result found = decode(method, BlockModels.greedy(2 * BLOCK), script);
        assertThat(found.ids()).isEqualTo(expected(script, 2 * BLOCK));
        assertThat(found.work().blocks().denoisingRuns()).isEqualTo(2 * runs);
        assertThat(found.work().blocks().storingRuns()).isEqualTo(1);
    }

    /** Of a shifted model at once, then with each run that fills a gap. */
    @Test
    void whatIsCertainComesOutAtOnce() {
        Script script =
                new Script() {
                    @Override
                    public int token(int position) {
                        return 10 + position;
                    }

                    @Override
                    public double sureness(int position) {
                        // The third place of a block is the last to be known.
                        return (position - PROMPT.length) % BLOCK == 2 ? 1 : 20;
                    }
                };
        BlockRuns.Result found =
                decode(
                        method(BlockDiffusion.Alignment.SHIFTED),
                        BlockModels.greedy(2 * BLOCK),
                        script);
        assertThat(found.chunks()).containsExactly(1, 1, 6, 1, 1, 6);
        assertThat(found.ids()).isEqualTo(expected(script, 2 * BLOCK));
    }

    @ParameterizedTest
    @EnumSource
    void theMaskTokenNeverComesOut(BlockDiffusion.Alignment alignment) {
        Script script = random(8);
        BlockDecoding method =
                method(alignment)
                        .withVerification(SelfVerification.parse("policy=span:2,rule=ratio"));
        int vocabulary = method.decoder().vocabularySize();
        BlockRuns.Source good = source(alignment, script, vocabulary);
        for (double temperature : new double[] {0, 1, 5}) {
            GenerationOptions options =
                    BlockModels.greedy(3 * BLOCK).toBuilder()
                            .temperature(temperature)
                            .seed(5L)
                            .topLogProbabilities(3)
                            .logitBias(Map.of(BlockModels.MASK, 100.0))
                            .build();
            BlockRuns.Result found =
                    BlockRuns.decode(
                            MODELS.get(alignment),
                            method,
                            PROMPT,
                            options,
                            (held, turn) -> {
                                float[][] rows = good.rows(held, turn);
                                for (float[] row : rows) {
                                    row[BlockModels.MASK] = 50;
                                }
                                return rows;
                            });
            assertThat(found.ids()).hasSize(3 * BLOCK).doesNotContain(BlockModels.MASK);
            assertThat(found.tokens())
                    .flatMap(Token::alternatives)
                    .extracting(Token.Alternative::id)
                    .doesNotContain(BlockModels.MASK);
            if (temperature == 0) {
                assertThat(found.tokens())
                        .allSatisfy(
                                token ->
                                        assertThat(token.logProbability())
                                                .isEqualTo(
                                                        token.alternatives()
                                                                .get(0)
                                                                .logProbability()));
            }
        }
    }

    /** Each token's log-probability is of the run that kept it, however the text goes on. */
    @ParameterizedTest
    @EnumSource
    void logProbabilitiesAreOfTheRunThatKeptTheToken(BlockDiffusion.Alignment alignment) {
        Script script = random(12);
        GenerationOptions options =
                BlockModels.greedy(20).toBuilder().topLogProbabilities(1).build();
        BlockRuns.Result found = decode(method(alignment), options, script);
        int others = MODELS.get(alignment).decoder().vocabularySize() - 2;
        for (int i = 0; i < 20; i++) {
            double likeliest = Math.exp(script.sureness(PROMPT.length + i));
            assertThat(found.tokens().get(i).logProbability())
                    .isCloseTo(Math.log(likeliest / (likeliest + others)), within(1e-5));
        }
    }

    /** S2D2 proof 3: a drafter that the verifier agrees with. */
    @ParameterizedTest
    @CsvSource({"SHIFTED, likeliest, 0", "SHIFTED, ratio, 0", "ALIGNED, likeliest, 1"})
    void s2d2AcceptsAllOfAPerfectDraft(
            BlockDiffusion.Alignment alignment, String rule, int storingRuns) {
        Script script = random(7);
        BlockDecoding method =
                method(alignment)
                        .withUnmasking(new StaticUnmasking())
                        .withVerification(SelfVerification.parse("policy=always,rule=" + rule));
        int blocks = 5;
        BlockRuns.Result found = decode(method, BlockModels.greedy(blocks * BLOCK), script);
        assertThat(found.ids()).isEqualTo(expected(script, blocks * BLOCK));
        int places = alignment == BlockDiffusion.Alignment.SHIFTED ? BLOCK - 1 : BLOCK;
        // The last block is not stored: nothing follows.
        assertThat(found.work().blocks())
                .isEqualTo(
                        new BlockWork(
                                blocks,
                                blocks * BLOCK,
                                blocks,
                                blocks,
                                storingRuns * (blocks - 1),
                                blocks * places,
                                0,
                                0));
    }

    /** AdaBlock proof 1: a delimiter that is never sure enough leaves blocks as they are. */
    @ParameterizedTest
    @EnumSource
    void adaBlockWithoutDelimitersIsFixedBlocks(BlockDiffusion.Alignment alignment) {
        for (int usual = 1; usual <= BLOCK; usual++) {
            for (long seed = 0; seed < 5; seed++) {
                GenerationOptions options = BlockModels.greedy(30);
                BlockRuns.Result fixed =
                        decode(
                                method(alignment).withBorders(new FixedBlocks(usual)),
                                options,
                                random(seed));
                AdaBlock borders =
                        new AdaBlock(
                                usual,
                                Set.of(NEWLINE),
                                Double.POSITIVE_INFINITY,
                                WindowRule.RELEASED);
                BlockRuns.Result adaptive =
                        decode(method(alignment).withBorders(borders), options, random(seed));
                assertThat(adaptive.ids()).isEqualTo(fixed.ids());
                boolean known = alignment == BlockDiffusion.Alignment.SHIFTED;
                if (usual > 1 || !known) {
                    // A shifted block of one needs no run, but to see that it is one.
                    assertThat(adaptive.work().blocks()).isEqualTo(fixed.work().blocks());
                }
            }
        }
    }

    /** AdaBlock proof 3: progress in every run, nothing outside of the block, nothing twice. */
    @ParameterizedTest
    @EnumSource
    void adaBlockEndsBlocksBehindLines(BlockDiffusion.Alignment alignment) {
        Script lines =
                new Script() {
                    @Override
                    public int token(int position) {
                        return position % 5 == 4 ? NEWLINE : 10 + position % 7;
                    }

                    @Override
                    public double sureness(int position) {
                        return 6;
                    }
                };
        AdaBlock borders = new AdaBlock(3, Set.of(NEWLINE), 0.3, WindowRule.RELEASED);
        BlockRuns.Result found =
                decode(method(alignment).withBorders(borders), BlockModels.greedy(40), lines);
        assertThat(found.ids()).isEqualTo(expected(lines, 40));
        assertThat(found.work().blocks().tokens()).isEqualTo(40);
        List<Integer> ends =
                IntStream.range(0, found.turns().size())
                        .filter(i -> found.turns().get(i).visibility().isCausal())
                        .filter(i -> found.held().get(i) >= PROMPT.length)
                        .map(i -> found.held().get(i) + found.turns().get(i).length())
                        .boxed()
                        .toList();
        // While the window is long enough, each stored block ends with a line.
        assertThat(ends.subList(0, 4)).containsExactly(10, 15, 20, 25);
    }

    /** Of a shifted model such a block was known before its first run. */
    @ParameterizedTest
    @EnumSource
    void bordersMayLeaveOnePlaceOnly(BlockDiffusion.Alignment alignment) {
        BlockBorders one = borders(most -> most, 1);
        for (String policy : new String[] {"never", "always"}) {
            BlockDecoding method =
                    method(alignment)
                            .withBorders(one)
                            .withVerification(SelfVerification.parse("policy=" + policy));
            BlockRuns.Result found = decode(method, BlockModels.greedy(10), random(5));
            assertThat(found.ids()).isEqualTo(expected(random(5), 10));
            assertThat(found.work().blocks().blocks()).isEqualTo(10);
        }
    }

    /** A user's rules are told when they would hang or break the loop. */
    @Test
    void rulesThatBreakTheirContractAreNamed() {
        BlockDecoding method = method(BlockDiffusion.Alignment.ALIGNED);
        GenerationOptions options = BlockModels.greedy(10);
        assertThatThrownBy(
                        () ->
                                decode(
                                        method.withUnmasking(
                                                (block, predictions, least) -> new BitSet()),
                                        options,
                                        random(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("expected at least 1 chosen places, found {}");
        assertThatThrownBy(
                        () ->
                                decode(
                                        method.withBorders(borders(most -> most + 1, 1)),
                                        options,
                                        random(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("expected a window of 1 to 8 places, found 9");
        assertThatThrownBy(
                        () ->
                                decode(
                                        method.withBorders(borders(most -> most, 0)),
                                        options,
                                        random(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("expected a block of 1 to 8 places, found 0");
    }

    private static BlockBorders borders(IntUnaryOperator window, int length) {
        return new BlockBorders() {
            @Override
            public int window(int most) {
                return window.applyAsInt(most);
            }

            @Override
            public int length(
                    ActiveBlock block, Predictions predictions, int generated, int remaining) {
                return length;
            }
        };
    }

    /** FlashBlock: attention is kept at first, used after one change, kept again after two. */
    @Test
    void flashBlockReusesContextWhileLittleHasChanged() {
        BlockDecoding method =
                method(BlockDiffusion.Alignment.SHIFTED)
                        .withUnmasking(new StaticUnmasking())
                        .withContextReuse(new ContextReuse(PROMPT.length + BLOCK));
        BlockRuns.Result found = decode(method, BlockModels.greedy(2 * BLOCK), random(2));
        ContextAttention computed = ContextAttention.COMPUTED;
        ContextAttention kept = ContextAttention.KEPT;
        ContextAttention reused = ContextAttention.REUSED;
        assertThat(found.contexts())
                .containsExactly(
                        computed, computed, computed, computed, computed, computed, computed, kept,
                        reused, kept, reused, kept, reused, kept);
        assertThat(found.work().blocks().keptContexts()).isEqualTo(4);
        assertThat(found.work().blocks().reusedContexts()).isEqualTo(3);
    }

    @Test
    void flashBlockKeepsAnewAfterAVerificationAndForAShorterBlock() {
        BlockDecoding method =
                method(BlockDiffusion.Alignment.SHIFTED)
                        .withUnmasking(new StaticUnmasking())
                        .withContextReuse(new ContextReuse(0, BLOCK));
        BlockRuns.Result verified =
                decode(
                        method.withVerification(SelfVerification.parse("policy=always,rule=ratio")),
                        BlockModels.greedy(BLOCK).toBuilder().temperature(2).seed(1L).build(),
                        random(2));
        assertThat(verified.contexts()).containsOnly(ContextAttention.KEPT);
        AdaBlock borders = new AdaBlock(4, Set.of(NEWLINE), 2, WindowRule.RELEASED);
        BlockRuns.Result shorter =
                decode(method.withBorders(borders), BlockModels.greedy(BLOCK), random(2));
        assertThat(shorter.contexts().subList(0, 3))
                .containsExactly(
                        ContextAttention.KEPT, ContextAttention.KEPT, ContextAttention.REUSED);
    }

    @Test
    void tokensBehindAnEndTokenAreDroppedAndNothingMoreIsRun() {
        Script script = random(21);
        int end = script.token(PROMPT.length + 4);
        int first = expected(script, 5).indexOf(end);
        for (BlockDiffusion.Alignment alignment : BlockDiffusion.Alignment.values()) {
            GenerationOptions options =
                    BlockModels.greedy(40).toBuilder().stopTokens(Set.of(end)).build();
            BlockRuns.Result found = decode(method(alignment), options, script);
            assertThat(found.finish()).isEqualTo(FinishReason.STOP_TOKEN);
            assertThat(found.ids()).isEqualTo(expected(script, first));
            assertThat(found.work().blocks().storingRuns()).isZero();
            long denoised =
                    found.turns().stream().filter(turn -> !turn.visibility().isCausal()).count();
            assertThat(found.work().blocks().denoisingRuns()).isEqualTo((int) denoised);
        }
    }
}
