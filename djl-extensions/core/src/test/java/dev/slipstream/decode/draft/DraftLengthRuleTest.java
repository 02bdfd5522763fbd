package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLengths;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DraftLengthRuleTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cost-model | cost-model:16",
                "Cost-Model:8 | cost-model:8",
                "constant:4 | constant:4",
                "confident | confident:20,0.4",
                "confident: 8, 0.25 | confident:8,0.25",
                "adaptive | adaptive:20,30,10,0.5",
                "adaptive:2,16 | adaptive:2,16,10,0.5",
                "adaptive:2,16,3,0.25 | adaptive:2,16,3,0.25"
            })
    void readsAndWritesText(String text, String canonical) {
        DraftLengthRule rule = DraftLengthRule.parse(text);
        assertThat(rule.toString()).isEqualTo(canonical);
        assertThat(DraftLengthRule.parse(canonical)).isEqualTo(rule);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "longest",
                "constant",
                "constant:",
                "constant:0",
                "constant:2.5",
                "constant:1e99",
                "constant:four",
                "constant:NaN",
                "confident:8",
                "confident:8,1.5",
                "confident:8,NaN",
                "adaptive:4",
                "adaptive:4,2",
                "adaptive:2,16,-1,0.5",
                "adaptive:2,16,1,0",
                "cost-model:0",
                "cost-model:1,2"
            })
    void refusesOtherTextAndSaysWhatToWrite(String text) {
        assertThatThrownBy(() -> DraftLengthRule.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("draft length \"" + text + "\"", "constant:4");
    }

    @Test
    void onlyTheCostModelAsksForCosts() {
        List<String> asked = new ArrayList<>();
        for (String text : List.of("cost-model", "constant:4", "confident", "adaptive")) {
            DraftLengthRule.parse(text)
                    .lengths(
                            () -> {
                                asked.add(text);
                                TreeMap<Integer, Double> costs = new TreeMap<>();
                                costs.put(1, 1e6);
                                return VerificationCosts.of(costs);
                            });
        }
        assertThat(asked).containsExactly("cost-model");
    }

    @Test
    void constantAndConfidentAskForTheSameAlways() {
        DraftLength constant = new ConstantLength(4).open();
        DraftLength confident = new ConfidentLength(8, 0.4).open();
        for (int accepted = 0; accepted < 3; accepted++) {
            assertThat(constant.limit(accepted)).isEqualTo(new DraftLimit(4, 0));
            assertThat(confident.limit(accepted)).isEqualTo(new DraftLimit(8, 0.4));
            assertThat(constant.worth(draft(4), 9)).isEqualTo(4);
            constant.observe(round(4, accepted));
            confident.observe(round(4, accepted));
        }
    }

    @Test
    void adaptiveFollowsThePapersAverages() {
        DraftLengths lengths = AdaptiveLength.DEFAULT;
        DraftLength length = lengths.open();
        assertThat(length.limit(0).tokens()).isEqualTo(30);
        // G = 15, A = 5: 15 is below 20.
        assertThat(next(length, 30, 10)).isEqualTo(20);
        // G = 17.5, A = 12.5: 17.
        assertThat(next(length, 20, 20)).isEqualTo(20);
        // G = 23.75, A = 21.25: 23.
        assertThat(next(length, 30, 30)).isEqualTo(23);
        // G = 23.375, A = 22.125: 23.
        assertThat(next(length, 23, 23)).isEqualTo(23);
        // G = 11.6875, A = 11.0625.
        assertThat(next(length, 0, 0)).isEqualTo(20);
    }

    @Test
    void adaptiveClimbsWhileDraftsAreAcceptedWhole() {
        DraftLength length = new AdaptiveLength(2, 40, 5, 0.5).open();
        assertThat(length.limit(0).tokens()).isEqualTo(40);
        // G = A = 4: 4 + 5.
        assertThat(next(length, 8, 8)).isEqualTo(9);
        // 6.5 + 5.
        assertThat(next(length, 9, 9)).isEqualTo(11);
        // 8.75 + 5.
        assertThat(next(length, 11, 11)).isEqualTo(13);
        for (int i = 0; i < 60; i++) {
            int k = length.limit(0).tokens();
            next(length, k, k);
        }
        assertThat(length.limit(0).tokens()).isEqualTo(40);
        // G = 40 less a little, A = 20: no step beyond.
        assertThat(next(length, 40, 0)).isEqualTo(39);
        // Another request starts anew.
        assertThat(new AdaptiveLength(2, 40, 5, 0.5).open().limit(0).tokens()).isEqualTo(40);
    }

    private static int next(DraftLength length, int generated, int accepted) {
        length.observe(round(generated, accepted));
        return length.limit(0).tokens();
    }

    private static DraftRound round(int drafted, int accepted) {
        return new DraftRound(draft(drafted), drafted, accepted, 1, 1 + drafted, 1);
    }

    private static Draft draft(int tokens) {
        return new Draft(new int[tokens], new double[tokens], null);
    }
}
