package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.runtime.Effort;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What levels stand for, and what is said to those who ask for others. */
class EffortLevelsTest {
    @Test
    void skippingModelsHaveThree() throws IOException {
        try (LanguageModel model = GatedStories.open(GatedStories.Gates.SKIPPING)) {
            EffortLevels levels = model.efforts();
            assertThat(names(levels)).containsExactly("best", "balanced", "fast");
            assertThat(levels.choose(EffortRequest.NONE))
                    .isEqualTo(new EffortLevels.Level("best", Effort.FULL, 3));
            assertThat(skipping(levels, EffortRequest.of("balanced")))
                    .isEqualTo(new Effort.Skipping(0.85, 1, true));
            Effort.Skipping fast = skipping(levels, EffortRequest.of("fast"));
            assertThat(fast.threshold()).isEqualTo(0.7, within());
            assertThat(fast.count()).isEqualTo(2);
        }
    }

    private static Offset<Double> within() {
        return Offset.offset(1e-9);
    }

    @Test
    void knobsStandInThePlaceOfTheLevels() throws IOException {
        try (LanguageModel model = GatedStories.open(GatedStories.Gates.SKIPPING)) {
            EffortLevels levels = model.efforts();
            assertThat(skipping(levels, EffortRequest.NONE.withSkipThreshold(0.5)))
                    .isEqualTo(new Effort.Skipping(0.5, 1, true));
            assertThat(skipping(levels, EffortRequest.of("fast").withSkipThreshold(0.9)))
                    .isEqualTo(new Effort.Skipping(0.9, 2, true));
            assertThat(skipping(levels, EffortRequest.of("balanced").withSkipCount(7)))
                    .isEqualTo(new Effort.Skipping(0.85, 7, true));
            assertThat(levels.choose(EffortRequest.of("fast").withSkipWarmUp(9)).warmUp())
                    .isEqualTo(9);
        }
    }

    @Test
    void elasticModelsGrowWithDepth() throws IOException {
        try (LanguageModel model = GatedStories.open(GatedStories.Gates.ELASTIC)) {
            EffortLevels levels = model.efforts();
            assertThat(names(levels)).containsExactly("best", "balanced", "fast");
            // Half of 5 x 172 neurons is 430: 3 x 64 + 2 x 128 are 448, 4 x 64 + 128 fit.
            assertThat(levels.choose(EffortRequest.of("balanced")).effort().widths())
                    .containsExactly(0, 0, 0, 0, 1);
            assertThat(levels.choose(EffortRequest.of("fast")).effort().widths())
                    .containsExactly(0, 0, 0, 0, 0);
        }
    }

    @Test
    void halfIsTheNarrowestWhereNothingIsSoNarrow() {
        assertThat(EffortLevels.half(List.of(300, 400), 3)).containsExactly(0, 0, 0);
        assertThat(EffortLevels.half(List.of(200, 400), 3)).containsExactly(0, 0, 0);
        assertThat(EffortLevels.half(List.of(96, 192, 384, 768), 3)).containsExactly(2, 2, 2);
        assertThat(EffortLevels.half(List.of(100, 300, 400), 4)).containsExactly(0, 0, 1, 1);
        assertThat(EffortLevels.half(List.of(), 4)).isEmpty();
    }

    @Test
    void switchedModelsAreOnOrOff() throws IOException {
        try (LanguageModel model = GatedStories.open(GatedStories.Gates.SWITCHED)) {
            assertThat(names(model.efforts())).containsExactly("best", "fast");
            assertThat(model.efforts().choose(EffortRequest.of("fast")).effort().gates())
                    .containsExactly(false, false, false, false);
            assertRefused(
                    model.efforts(),
                    EffortRequest.of("balanced"),
                    "effort: expected one of best, fast, which model switched offers, found balanced");
            assertRefused(
                    model.efforts(),
                    EffortRequest.NONE.withSkipCount(1),
                    "skipCount: expected nothing, as model switched skips no feed-forwards, found 1");
        }
    }

    @Test
    void modelsWithoutGatesAreAlwaysWhole() throws IOException {
        try (LanguageModel model = GatedStories.open(GatedStories.Gates.NONE)) {
            EffortLevels levels = model.efforts();
            assertThat(levels.choose(EffortRequest.NONE).effort().full()).isTrue();
            assertThat(levels.choose(EffortRequest.of("best")).effort().full()).isTrue();
            assertRefused(
                    levels,
                    EffortRequest.of("fast"),
                    "effort: expected best, or nothing, as model gated has no gates, found fast");
            assertRefused(
                    levels,
                    EffortRequest.NONE.withMillisPerToken(5.0),
                    "millisPerToken: expected best, or nothing");
            assertRefused(levels, EffortRequest.NONE.withSkipWarmUp(1), "skipWarmUp: expected");
        }
    }

    @ParameterizedTest
    @CsvSource({"10, best", "4, best", "3.9, balanced", "3, balanced", "2.5, fast", "2, fast"})
    void theBestLevelThatKeepsTheTimeIsTaken(double millis, String level) throws IOException {
        try (LanguageModel model = GatedStories.open(GatedStories.Gates.ELASTIC)) {
            EffortRequest request = EffortRequest.NONE.withMillisPerToken(millis);
            assertThat(measured(model).choose(request).name()).isEqualTo(level);
        }
    }

    @Test
    void timesThatNoLevelKeepsAreRefused() throws IOException {
        try (LanguageModel model = GatedStories.open(GatedStories.Gates.ELASTIC)) {
            assertRefused(
                    measured(model),
                    EffortRequest.NONE.withMillisPerToken(1.9),
                    "millisPerToken: expected at least 2.0, what level fast takes, the fastest of model gated, found 1.9");
        }
    }

    /** Full 4 ms, the narrowest everywhere 2, what is between 3. */
    private static EffortLevels measured(LanguageModel model) {
        return new EffortLevels(
                model.decoder(), effort -> effort.full() ? 4 : effort.widths().contains(1) ? 3 : 2);
    }

    @ParameterizedTest
    @EnumSource
    void everyLevelIsMeasured(GatedStories.Gates gates) throws IOException {
        try (LanguageModel model = GatedStories.open(gates)) {
            List<Double> millis = model.efforts().millisPerToken();
            assertThat(millis).hasSameSizeAs(model.efforts().levels()).allMatch(time -> time > 0);
            assertThat(model.efforts().millisPerToken()).isSameAs(millis);
        }
    }

    @Test
    void requestsSayWhatIsWrongWithThem() {
        assertThatThrownBy(() -> EffortRequest.of(" ")).hasMessageStartingWith("effort: ");
        assertThatThrownBy(() -> EffortRequest.NONE.withMillisPerToken(0.0))
                .hasMessageStartingWith("millisPerToken: expected a number above 0");
        assertThatThrownBy(() -> EffortRequest.of("fast").withMillisPerToken(3.0))
                .hasMessageStartingWith("millisPerToken: expected a time or the name of a level");
        assertThatThrownBy(() -> EffortRequest.NONE.withSkipThreshold(Double.NaN))
                .hasMessageStartingWith("skipThreshold: ");
        assertThatThrownBy(() -> EffortRequest.NONE.withSkipCount(-1))
                .hasMessageStartingWith("skipCount: ");
        assertThatThrownBy(() -> EffortRequest.NONE.withSkipWarmUp(-1))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageStartingWith("skipWarmUp: ");
    }

    @Test
    void requestsStandOverDefaults() {
        EffortRequest defaults = EffortRequest.of("fast").withSkipCount(2).withSkipWarmUp(4);
        assertThat(EffortRequest.NONE.over(defaults)).isEqualTo(defaults);
        assertThat(EffortRequest.NONE.withMillisPerToken(3.0).withSkipCount(5).over(defaults))
                .isEqualTo(new EffortRequest(null, 3.0, null, 5, 4));
    }

    private static List<String> names(EffortLevels levels) {
        return levels.levels().stream().map(EffortLevels.Level::name).toList();
    }

    private static Effort.Skipping skipping(EffortLevels levels, EffortRequest request) {
        return Objects.requireNonNull(levels.choose(request).effort().skipping());
    }

    private static void assertRefused(EffortLevels levels, EffortRequest request, String message) {
        assertThatThrownBy(() -> levels.choose(request))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageStartingWith(message);
    }
}
