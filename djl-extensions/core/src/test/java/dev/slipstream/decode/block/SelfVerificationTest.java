package dev.slipstream.decode.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.RandomDraws;
import org.junit.jupiter.api.Test;

/** The text of the settings, and what a request's temperature changes. */
class SelfVerificationTest {
    private static final GenerationOptions GREEDY = GenerationOptions.greedy();
    private static final GenerationOptions DRAWN =
            GenerationOptions.builder().temperature(0.7).topK(9).seed(4L).build();

    @Test
    void nothingIsTheDefault() {
        assertThat(SelfVerification.parse("")).isEqualTo(SelfVerification.DEFAULT);
    }

    @Test
    void settingsAreNamed() {
        SelfVerification parsed =
                SelfVerification.parse(
                        "policy = hysteresis:1:-5, estimate=margin:0.1,score=dynamic,cost=2,confident=0.85,"
                                + "rule=ratio,exponent=0.5");
        assertThat(parsed)
                .isEqualTo(
                        new SelfVerification(
                                new RoutingPolicy.Hysteresis(1, -5),
                                new VerificationScore(
                                        new AcceptanceEstimate.Margin(0.1),
                                        VerificationScore.Kind.DYNAMIC,
                                        2,
                                        0.85),
                                SpanRule.RATIO,
                                0.5));
        assertThat(SelfVerification.parse(parsed.toString())).isEqualTo(parsed);
    }

    @Test
    void wrongSettingsAreRefused() {
        assertThatThrownBy(() -> SelfVerification.parse("tau=1"))
                .hasMessageContainingAll(
                        "self-verification: \"tau\" is no setting", "confident, cost, estimate");
        assertThatThrownBy(() -> SelfVerification.parse("cost=1,cost=2"))
                .hasMessage("self-verification: \"cost\" is there twice");
        assertThatThrownBy(() -> SelfVerification.parse("cost=much"))
                .hasMessage("self-verification: cost: expected a number, found \"much\"");
        assertThatThrownBy(() -> SelfVerification.parse("always"))
                .hasMessage("self-verification: expected name=value, found \"always\"");
        assertThatThrownBy(() -> SelfVerification.parse("rule=equal"))
                .hasMessage(
                        "self-verification: rule: expected one of by-temperature, likeliest, ratio, found \"equal\"");
        assertThatThrownBy(() -> SelfVerification.parse("exponent=0"))
                .hasMessage("exponent: expected a number above 0 (1 is exact), found 0.0");
        assertThatThrownBy(() -> SelfVerification.parse("policy=often"))
                .hasMessageContaining("policy \"often\"");
    }

    @Test
    void greedyTextsNeedNoSeedUnlessARatioIsAskedFor() {
        assertThat(needsDrafter("", GREEDY)).isFalse();
        assertThat(needsDrafter("", DRAWN)).isTrue();
        assertThat(needsDrafter("rule=ratio", GREEDY)).isTrue();
        assertThat(needsDrafter("rule=likeliest", DRAWN)).isFalse();
    }

    @Test
    void aRatioIsTakenAtTheRequestsTemperatureOrAtOne() {
        assertThat(SelfVerification.parse("rule=ratio").judged(GREEDY).temperature()).isEqualTo(1);
        assertThat(SelfVerification.DEFAULT.judged(GREEDY)).isEqualTo(GREEDY);
        assertThat(SelfVerification.DEFAULT.judged(DRAWN)).isEqualTo(DRAWN);
    }

    private static boolean needsDrafter(String settings, GenerationOptions options) {
        return SelfVerification.parse(settings).judge(options, new RandomDraws(1)).needsDrafter();
    }
}
