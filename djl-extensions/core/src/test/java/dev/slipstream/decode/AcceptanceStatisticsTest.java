package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Texts that were drafted and verified, against the exact distribution of the target's texts. Seeds
 * are fixed; with others, one check in ten million would fail by chance.
 */
class AcceptanceStatisticsTest {
    private static final double CRITICAL = 1e-7;
    private static final int TEXTS = 200_000;
    private static final TableTarget TARGET = TableTarget.random(17, 8);
    private static final GenerationOptions PLAIN = at(1).build();
    private static final GenerationOptions ALL_KNOBS =
            at(0.9).topK(7)
                    .topP(0.95)
                    .minP(0.02)
                    .repetitionPenalty(1.4)
                    .presencePenalty(0.3)
                    .frequencyPenalty(0.2)
                    .logitBias(Map.of(3, 1.0))
                    .build();

    static Stream<Arguments> most() {
        return Stream.of(AcceptanceRule.EQUAL_TOKENS, AcceptanceRule.RATIO_TEST)
                .flatMap(
                        rule ->
                                Stream.of(TableDrafters.values())
                                        .map(drafter -> Arguments.of(rule, drafter)))
                .filter(AcceptanceStatisticsTest::tellsSomethingNew);
    }

    /** Chosen drafts are judged alike by both rules, and equality looks at no distribution. */
    private static boolean tellsSomethingNew(Arguments arguments) {
        boolean drawn = !arguments.get()[1].toString().startsWith("CHOSEN");
        return drawn == (arguments.get()[0] == AcceptanceRule.RATIO_TEST);
    }

    static Stream<Arguments> everything() {
        Map<String, GenerationOptions> knobs =
                Map.of(
                        "none", PLAIN,
                        "temperature", at(0.6).build(),
                        "topK", at(1).topK(3).build(),
                        "topP", at(1).topP(0.7).build(),
                        "minP", at(1).minP(0.15).build(),
                        "repetitionPenalty", at(1).repetitionPenalty(1.8).build(),
                        "all", ALL_KNOBS);
        List<Arguments> all = new ArrayList<>();
        for (AcceptanceRule rule :
                List.of(AcceptanceRule.EQUAL_TOKENS, AcceptanceRule.RATIO_TEST)) {
            for (TableDrafters drafter : TableDrafters.values()) {
                new TreeMap<>(knobs)
                        .forEach((name, knob) -> all.add(Arguments.of(rule, drafter, name, knob)));
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("most")
    void pairsHaveTheTargetsDistribution(AcceptanceRule rule, TableDrafters drafter) {
        check(rule, drafter, ALL_KNOBS, 2);
    }

    @ParameterizedTest(name = "{0}, {1}, {2}")
    @MethodSource("everything")
    @Tag("thorough")
    void textsOfTwoAndThreeTokensHaveTheTargetsDistribution(
            AcceptanceRule rule, TableDrafters drafter, String knob, GenerationOptions options) {
        check(rule, drafter, options, 2);
        check(rule, drafter, options, 3);
    }

    private static void check(
            AcceptanceRule rule, TableDrafters drafter, GenerationOptions options, int length) {
        TableTarget.Count count = count(options, rule::open, drafter.of(TARGET), length);
        assertThat(ChiSquare.pValue(count.texts, TARGET.exact(options, length)))
                .isGreaterThan(CRITICAL);
    }

    /** The most that any rule can accept: what p and q have in common. */
    @ParameterizedTest
    @EnumSource(
            value = TableDrafters.class,
            names = {"ADVERSARIAL", "UNIFORM", "SHARP", "SAME", "ZEROS", "OTHER"})
    void theRatioTestAcceptsWhatBothHaveInCommon(TableDrafters drafter) {
        TableTarget.TableDrafter drafting = drafter.of(TARGET);
        double[] p = TARGET.next(ALL_KNOBS);
        double[] q = distributions(drafting)[0];
        double common = 0;
        for (int i = 0; i < p.length; i++) {
            common += Math.min(p[i], q[i]);
        }
        TableTarget.Count count = count(ALL_KNOBS, RatioTest::new, drafting, 1, 50_000);
        assertThat(acceptedIsChance(count, common)).isGreaterThan(CRITICAL);
    }

    @Test
    void theRatioTestAcceptsEveryTokenThatTheTargetWouldDrawAlike() {
        TableTarget.Count count =
                count(PLAIN, RatioTest::new, TableDrafters.SAME.of(TARGET), 3, 20_000);
        // Only where two ways to the same number differ in their last place may one be refused.
        assertThat(count.rounds).isBetween(20_000L, 20_001L);
    }

    /** Equality of draws is the exact rule for a token y that was chosen: it stays with p(y). */
    @ParameterizedTest
    @EnumSource(
            value = TableDrafters.class,
            names = {"CHOSEN_LIKELIEST", "CHOSEN_UNLIKELIEST"})
    void equalTokensAcceptAChosenTokenWithItsProbability(TableDrafters drafter) {
        TableTarget.TableDrafter drafting = drafter.of(TARGET);
        int chosen = drafting.propose(TableTarget.PROMPT, 1, new Random(0)).tokens()[0];
        double[] p = TARGET.next(ALL_KNOBS);
        TableTarget.Count count = count(ALL_KNOBS, EqualTokens::new, drafting, 1, 50_000);

        assertThat(acceptedIsChance(count, p[chosen])).isGreaterThan(CRITICAL);
        assertThat(count.firstAccepted).isEqualTo(count.texts[chosen]);
        // What comes in its place is p without it.
        double[] others = p.clone();
        others[chosen] = 0;
        double rest = Arrays.stream(others).sum();
        long[] replaced = count.texts.clone();
        replaced[chosen] = 0;
        assertThat(
                        ChiSquare.pValue(
                                replaced,
                                Arrays.stream(others).map(value -> value / rest).toArray()))
                .isGreaterThan(CRITICAL);
    }

    @ParameterizedTest
    @EnumSource(TableDrafters.class)
    void equalTokensGiveASeedTheSameTextAsWithoutDrafts(TableDrafters drafter) {
        TableTarget.TableDrafter drafting = drafter.of(TARGET);
        TableTarget.TableDrafter none = (newest, tokens, random) -> Draft.NONE;
        for (long seed = 0; seed < 300; seed++) {
            int drafted = 1 + (int) (seed % 8);
            assertThat(text(AcceptanceRule.EQUAL_TOKENS, drafting, seed, drafted))
                    .as("seed %d, drafts of %d", seed, drafted)
                    .isEqualTo(text(AcceptanceRule.EQUAL_TOKENS, none, seed, 1));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TableDrafters.class,
            names = {"CHOSEN_LIKELIEST", "CHOSEN_UNLIKELIEST"})
    void theRatioTestLeavesChosenTokensToEquality(TableDrafters drafter) {
        for (long seed = 0; seed < 100; seed++) {
            assertThat(text(AcceptanceRule.RATIO_TEST, drafter.of(TARGET), seed, 4))
                    .isEqualTo(text(AcceptanceRule.EQUAL_TOKENS, drafter.of(TARGET), seed, 4));
        }
    }

    private static int[] text(
            AcceptanceRule rule, TableTarget.TableDrafter drafter, long seed, int drafted) {
        GenerationOptions options = ALL_KNOBS.toBuilder().seed(seed).build();
        Sampler sampler = new Sampler(options, TARGET.vocabulary(), new int[] {TableTarget.PROMPT});
        return TARGET.decode(
                sampler,
                rule.open(),
                drafter,
                40,
                drafted,
                new Random(seed),
                new TableTarget.Count(0));
    }

    /** A drafter that draws, and hides what it drew if it is unlikely, bends the text. */
    @Test
    void theCheckCatchesADrafterThatHidesItsUnlikelyDraws() {
        TableTarget.TableDrafter drawing = TableDrafters.UNIFORM.of(TARGET);
        double[] p = TableDrafters.softmax(TARGET, TableTarget.PROMPT);
        TableTarget.TableDrafter hiding =
                (newest, tokens, random) -> {
                    Draft draft = drawing.propose(newest, tokens, random);
                    return p[draft.tokens()[0]] > 0.1 ? draft : Draft.NONE;
                };
        TableTarget.Count count = count(PLAIN, RatioTest::new, hiding, 2);
        assertThat(ChiSquare.pValue(count.texts, TARGET.exact(PLAIN, 2))).isLessThan(CRITICAL);
    }

    /** The rule as printed for drawn tokens, given a chosen one as if it had been drawn. */
    @Test
    void theCheckCatchesAChosenTokenThatClaimsToBeDrawn() {
        TableTarget.TableDrafter same = TableDrafters.SAME.of(TARGET);
        TableTarget.TableDrafter chosen = TableDrafters.CHOSEN_LIKELIEST.of(TARGET);
        TableTarget.TableDrafter claiming =
                (newest, tokens, random) ->
                        new Draft(
                                chosen.propose(newest, 1, random).tokens(),
                                new double[1],
                                same.propose(newest, 1, random).distributions());
        TableTarget.Count count = count(PLAIN, RatioTest::new, claiming, 2);
        assertThat(ChiSquare.pValue(count.texts, TARGET.exact(PLAIN, 2))).isLessThan(CRITICAL);
    }

    private static double acceptedIsChance(TableTarget.Count count, double probability) {
        long[] outcomes = {count.firstAccepted, count.firstDrafts - count.firstAccepted};
        assertThat(count.firstDrafts).isPositive();
        return ChiSquare.pValue(outcomes, new double[] {probability, 1 - probability});
    }

    private static double[][] distributions(TableTarget.TableDrafter drafter) {
        double[][] q = drafter.propose(TableTarget.PROMPT, 1, new Random(0)).distributions();
        if (q == null) {
            throw new IllegalArgumentException("expected a drafter that draws");
        }
        return q;
    }

    private static TableTarget.Count count(
            GenerationOptions options,
            TableTarget.AcceptanceSupplier rule,
            TableTarget.TableDrafter drafter,
            int length) {
        return count(options, rule, drafter, length, TEXTS);
    }

    private static TableTarget.Count count(
            GenerationOptions options,
            TableTarget.AcceptanceSupplier rule,
            TableTarget.TableDrafter drafter,
            int length,
            int texts) {
        return TARGET.count(options, rule, drafter, length, texts, i -> 1_000_003 * i + 5);
    }

    private static GenerationOptions.Builder at(double temperature) {
        return GenerationOptions.builder().temperature(temperature);
    }
}
