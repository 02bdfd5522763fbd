package dev.slipstream.decode;

import static dev.slipstream.decode.DraftedTexts.EMBEDDED;
import static dev.slipstream.decode.DraftedTexts.GREEDY;
import static dev.slipstream.decode.DraftedTexts.consistent;
import static dev.slipstream.decode.DraftedTexts.ids;
import static dev.slipstream.decode.DraftedTexts.open;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Drafters that draw, the whole way through a real model. */
@Timeout(300)
class DrawnDraftsTest {
    private static AutoregressiveGenerator stories;

    @BeforeAll
    static void openStories() {
        stories = open(EMBEDDED + "stories260k", 0);
    }

    @AfterAll
    static void closeStories() {
        stories.close();
    }

    @ParameterizedTest
    @EnumSource(value = AcceptanceRule.class, mode = EnumSource.Mode.EXCLUDE, names = "BY_SEED")
    void draftersAreToldWhetherToDrawAndNotHowTheTargetDraws(AcceptanceRule rule) {
        Prompt prompt = stories.prompt("Once upon a time");
        ScriptedDrafting drafting = new ScriptedDrafting((text, tokens) -> new int[0]);
        Speculation speculation = new Speculation(drafting, ScriptedDrafting.length(2), rule);
        AutoregressiveGenerator drafted = new AutoregressiveGenerator(stories.model(), speculation);
        for (Long seed : new Long[] {7L, 7L, 8L, null}) {
            drafted.generate(
                    prompt, GREEDY.toBuilder().maxTokens(3).temperature(0.8).seed(seed).build());
        }
        assertThat(drafting.opened)
                .extracting(GenerationOptions::temperature)
                .containsOnly(rule == AcceptanceRule.RATIO_TEST ? 0.8 : 0.0);
        List<Long> seeds = new ArrayList<>();
        drafting.opened.forEach(options -> seeds.add(options.seed()));
        assertThat(seeds.get(0)).isEqualTo(seeds.get(1)).isNotIn(7L, seeds.get(2));
        assertThat(seeds.get(3)).isNull();
    }

    /** The target itself as drafter draws from p: but for rounding, all of it stays. */
    @Test
    void aDrafterThatDrawsAsTheTargetIsAcceptedWhole() {
        GenerationOptions options =
                GREEDY.toBuilder().temperature(1).topP(0.9).seed(3L).maxTokens(120).build();
        Speculation speculation =
                new Speculation(
                        new TwinDrafting(stories.model()),
                        ScriptedDrafting.length(5),
                        AcceptanceRule.RATIO_TEST);
        Generation generation =
                new AutoregressiveGenerator(stories.model(), speculation)
                        .generate(stories.prompt("Once upon a time"), options);
        Statistics.Work work = generation.statistics().work();
        assertThat(work.draftedTokens()).isGreaterThan(90);
        assertThat(work.draftedTokens() - work.acceptedTokens()).isLessThanOrEqualTo(1);
        consistent(generation);
    }

    /** Which drawn tokens are looked at may not depend on what they are; chosen ones may be cut. */
    @ParameterizedTest
    @EnumSource(value = AcceptanceRule.class, mode = EnumSource.Mode.EXCLUDE, names = "BY_SEED")
    void drawnDraftsAreVerifiedWhole(AcceptanceRule rule) {
        DraftLength oneIsEnough =
                new DraftLength() {
                    @Override
                    public DraftLimit limit(int otherRows) {
                        return new DraftLimit(4, 0);
                    }

                    @Override
                    public int worth(Draft draft, int otherRows) {
                        return 1;
                    }

                    @Override
                    public void observe(DraftRound round) {
                        assertThat(round.draft().length()).isGreaterThanOrEqualTo(round.verified());
                    }
                };
        Speculation speculation =
                new Speculation(new TwinDrafting(stories.model()), () -> oneIsEnough, rule);
        Statistics.Work work =
                new AutoregressiveGenerator(stories.model(), speculation)
                        .generate(
                                stories.prompt("Once upon a time"),
                                GREEDY.toBuilder().maxTokens(25).temperature(1).seed(5L).build())
                        .statistics()
                        .work();
        if (rule == AcceptanceRule.RATIO_TEST) {
            assertThat(work.draftedTokens()).isGreaterThan(2 * work.verifications());
        } else {
            assertThat(work.draftedTokens()).isPositive().isLessThanOrEqualTo(work.verifications());
        }
    }

    /**
     * The whole way through the runtime; {@link AcceptanceStatisticsTest} has the many drafters.
     */
    @ParameterizedTest
    @EnumSource(value = AcceptanceRule.class, mode = EnumSource.Mode.EXCLUDE, names = "BY_SEED")
    @Tag("thorough")
    void pairsOfARealModelHaveItsDistribution(AcceptanceRule rule) {
        Prompt prompt = stories.prompt("Once upon a time there was");
        GenerationOptions options =
                GenerationOptions.builder()
                        .maxTokens(3)
                        .temperature(1.5)
                        .topK(6)
                        .ignoreEndOfText(true)
                        .build();
        // Draws from another distribution than the target's: its options are its own.
        Drafting drafting =
                new TwinDrafting(stories.model(), asked -> asked.toBuilder().topK(4).build());
        AutoregressiveGenerator drafted =
                new AutoregressiveGenerator(
                        stories.model(),
                        new Speculation(drafting, ScriptedDrafting.length(2), rule));
        int vocabulary = stories.vocabularySize();
        long[] counts = new long[vocabulary * vocabulary];
        for (long seed = 0; seed < 40_000; seed++) {
            List<Integer> ids =
                    ids(drafted.generate(prompt, options.toBuilder().seed(seed).build()).tokens());
            counts[ids.get(1) * vocabulary + ids.get(2)]++;
        }
        assertThat(ChiSquare.pValue(counts, lastTwo(prompt, options))).isGreaterThan(1e-7);
    }

    /** Of texts of three tokens, the last two: those that are drafted. */
    private static double[] lastTwo(Prompt prompt, GenerationOptions options) {
        int vocabulary = stories.vocabularySize();
        double[] pairs = new double[vocabulary * vocabulary];
        double[] first = next(prompt, options);
        for (int a = 0; a < vocabulary; a++) {
            double[] second = first[a] == 0 ? new double[0] : next(prompt, options, a);
            for (int b = 0; b < second.length; b++) {
                double[] third = second[b] == 0 ? new double[0] : next(prompt, options, a, b);
                for (int c = 0; c < third.length; c++) {
                    pairs[b * vocabulary + c] += first[a] * second[b] * third[c];
                }
            }
        }
        return pairs;
    }

    private static double[] next(Prompt prompt, GenerationOptions options, int... added) {
        int[] text = IntStream.concat(Arrays.stream(prompt.ids()), Arrays.stream(added)).toArray();
        try (DecoderSession session = stories.model().decoder().newSession()) {
            float[] row = new float[stories.vocabularySize()];
            session.forward(text, LogitRows.LAST).last().get(row);
            return PlainDistribution.of(options, row, prompt.ids(), added);
        }
    }
}
