package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.draft.VerificationCosts;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SelfDraftTrialTest {
    /** By hand: of n drafts, 0.8 + 0.8^2 + ... stay, and one token is the model's own. */
    @Test
    void weighsDraftsAgainstPlainSteps() {
        VerificationCosts flat = VerificationCosts.of(costs(1, 100.0, 2, 100.0, 32, 100.0));
        assertThat(SelfDraftTrial.gain(flat, 100, 100)).isCloseTo(0.9, within(1e-9));
        assertThat(SelfDraftTrial.gain(flat, 50, 100)).isCloseTo(2.44 / 2, within(1e-9));
        VerificationCosts linear = VerificationCosts.of(costs(1, 100.0, 2, 200.0, 32, 3200.0));
        assertThat(SelfDraftTrial.gain(linear, 0, 100)).isCloseTo(0.9, within(1e-9));
    }

    @Test
    void gatesThatSlowEveryStepCountAgainstDrafts() {
        VerificationCosts gated = VerificationCosts.of(costs(1, 120.0, 2, 120.0, 32, 120.0));
        assertThat(SelfDraftTrial.gain(gated, 50, 100))
                .isLessThan(SelfDraftTrial.gain(gated, 50, 120));
    }

    private static TreeMap<Integer, Double> costs(
            int first, double a, int second, double b, int third, double c) {
        TreeMap<Integer, Double> costs = new TreeMap<>();
        costs.put(first, a);
        costs.put(second, b);
        costs.put(third, c);
        return costs;
    }
}
