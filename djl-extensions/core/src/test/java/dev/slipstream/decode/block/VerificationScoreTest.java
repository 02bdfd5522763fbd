package dev.slipstream.decode.block;

import static dev.slipstream.decode.block.Drafts.block;
import static dev.slipstream.decode.block.Drafts.confident;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.block.VerificationScore.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arithmetic of routing. */
class VerificationScoreTest {
    private static final AcceptanceEstimate CONFIDENCE = new AcceptanceEstimate.Confidence(1);

    @Test
    void theExpectedLengthIsTheSumOfRunningProducts() {
        assertThat(VerificationScore.expectedLength(0.9, 0.5, 0.8)).isCloseTo(1.71, within(1e-12));
        assertThat(VerificationScore.expectedLength()).isZero();
        assertThat(VerificationScore.expectedLength(1, 1, 0, 1)).isEqualTo(2);
    }

    @Test
    void onlyTheFirstSpanCounts() {
        VerificationScore score = new VerificationScore(CONFIDENCE, Kind.STATIC, 1, 0.6);
        Predictions predictions = confident(0, 0.9, 0.5, 0.8, 0, 1, 1);
        assertThat(score.of(block(7, 0, 4), predictions, 8)).isCloseTo(0.71, within(1e-12));
    }

    /** Places behind the span would be kept without a verification too. */
    @Test
    void theDynamicCostIsForAllConfidentPlaces() {
        VerificationScore score = new VerificationScore(CONFIDENCE, Kind.DYNAMIC, 0.5, 0.8);
        Predictions predictions = confident(0, 0.9, 0.5, 0.8, 0, 1, 0.81);
        assertThat(score.of(block(7, 0, 4), predictions, 8))
                .isCloseTo(1.71 - 0.5 * 3, within(1e-12));
        assertThat(score.of(block(7, 0, 4, 5, 6), predictions, 8))
                .isCloseTo(1.71 - 0.5, within(1e-12));
    }

    /** Probabilities 0.6, 0.3, 0.1 of which the second was drawn; entropy 0.898 of ln 3. */
    @ParameterizedTest
    @CsvSource({
        "entropy, 0.4416",
        "entropy:2, 0.1950",
        "entropy:0, 1",
        "entropy-below:0.8, 0",
        "entropy-below:0.82, 1",
        "margin:0.31, 0",
        "margin, 1",
        "scaled-margin:2, 0.6",
        "scaled-margin:4, 1",
        "confidence, 0.3",
        "confidence:2, 0.09",
        "collision, 0.46"
    })
    void estimatesAreOfTheDraftAlone(String text, double expected) {
        double entropy = -0.6 * Math.log(0.6) - 0.3 * Math.log(0.3) - 0.1 * Math.log(0.1);
        Predictions predictions =
                new Predictions(
                        new int[] {0, 1},
                        new double[] {1, 0.3},
                        new double[] {9, entropy},
                        new double[] {1, 0.3},
                        new double[] {1, 0.46});
        AcceptanceEstimate estimate = AcceptanceEstimate.parse(text);
        assertThat(estimate.of(predictions, 1, 3)).isCloseTo(expected, within(5e-5));
        assertThat(AcceptanceEstimate.parse(estimate.toString())).isEqualTo(estimate);
    }

    @Test
    void aSingleTokenHasNoEntropy() {
        assertThat(AcceptanceEstimate.parse("entropy").of(Drafts.uncertain(0), 0, 1)).isEqualTo(1);
    }

    @Test
    void wrongEstimatesAreRefused() {
        assertThatThrownBy(() -> AcceptanceEstimate.parse("guess"))
                .hasMessageContainingAll("estimate \"guess\"", "entropy-below");
        assertThatThrownBy(() -> AcceptanceEstimate.parse("margin:1.5"))
                .hasMessage("estimate margin: expected a number from 0 to 1, found 1.5");
        assertThatThrownBy(() -> AcceptanceEstimate.parse("entropy:-1"))
                .hasMessage("estimate entropy: expected a number of 0 or more, found -1.0");
        assertThatThrownBy(() -> AcceptanceEstimate.parse("entropy:x"))
                .hasMessage("estimate \"entropy:x\": \"x\" is no number");
        assertThatThrownBy(() -> AcceptanceEstimate.parse("collision:1"))
                .hasMessage("estimate \"collision:1\": expected no number, found 1");
        assertThatThrownBy(() -> AcceptanceEstimate.parse("margin:0:1"))
                .hasMessageContaining("expected one number at most, found 2");
        assertThatThrownBy(() -> new VerificationScore(CONFIDENCE, Kind.STATIC, -1, 0.5))
                .hasMessage("cost: expected 0 or more tokens, found -1.0");
        assertThatThrownBy(() -> new VerificationScore(CONFIDENCE, Kind.STATIC, 1, 1.1))
                .hasMessage("confident: expected 0 to 1, found 1.1");
    }
}
