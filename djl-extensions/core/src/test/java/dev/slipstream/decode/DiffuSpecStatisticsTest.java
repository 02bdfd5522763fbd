package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.draft.diffuse.DiffuSpecOptions;
import dev.slipstream.decode.draft.diffuse.ScriptedDiffusion;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Proof 3: pairs of drawn tokens have the target's distribution when a path was chosen. */
class DiffuSpecStatisticsTest {
    private static final double CRITICAL = 1e-7;
    private static final int TEXTS = 200_000;
    private static final int LENGTH = 2;
    private static final TableTarget TARGET = TableTarget.random(61, 8);
    private static final GenerationOptions OPTIONS =
            GenerationOptions.builder().temperature(1).build();

    /** The first place knows the newest token; the second knows nothing of the first. */
    private static final ScriptedDiffusion.Script PLACES =
            (text, places) -> {
                for (int i = 0; i < places.length; i++) {
                    float[] row = TARGET.table()[row(text[text.length - 1], i)];
                    System.arraycopy(row, 0, places[i], 0, row.length);
                }
            };

    private static int row(int newest, int place) {
        return place == 0 ? newest : TableTarget.PROMPT;
    }

    /** By newest token: a chosen path is the same each time. */
    private static final Draft[] PATHS =
            IntStream.range(0, TARGET.vocabulary())
                    .mapToObj(DiffuSpecStatisticsTest::path)
                    .toArray(Draft[]::new);

    private static Draft path(int newest) {
        ScriptedDiffusion drafting =
                new ScriptedDiffusion(
                        DiffuSpecOptions.parse("k-min=2,k-max=2"),
                        TARGET.vocabulary(),
                        Set.of(),
                        PLACES);
        try (Drafter drafter = drafting.open(Set.of())) {
            drafter.extend(new int[] {newest}, 0, 1);
            return drafter.propose(new DraftLimit(LENGTH, 0));
        }
    }

    private static double pValue(AcceptanceRule rule, TableTarget.TableDrafter drafter) {
        TableTarget.Count count =
                TARGET.count(OPTIONS, rule::open, drafter, LENGTH, TEXTS, i -> 1_000_003 * i + 7);
        return ChiSquare.pValue(count.texts, TARGET.exact(OPTIONS, LENGTH));
    }

    @ParameterizedTest
    @EnumSource(
            value = AcceptanceRule.class,
            names = {"EQUAL_TOKENS", "RATIO_TEST"})
    void aChosenPathLeavesTheTargetsDistribution(AcceptanceRule rule) {
        assertThat(pValue(rule, (newest, tokens, random) -> PATHS[newest])).isGreaterThan(CRITICAL);
    }

    /** The paper's rule, {@code min(1, p / q)} with the drafter's q for a path that was chosen. */
    @Test
    void theRuleAsPrintedDoesNot() {
        TableTarget.TableDrafter printed =
                (newest, tokens, random) -> {
                    Draft draft = PATHS[newest];
                    double[][] distributions = new double[draft.length()][];
                    for (int i = 0; i < distributions.length; i++) {
                        distributions[i] = TableDrafters.softmax(TARGET, row(newest, i));
                    }
                    return new Draft(draft.tokens(), draft.confidences(), distributions);
                };
        assertThat(pValue(AcceptanceRule.RATIO_TEST, printed)).isLessThan(1e-100);
    }
}
