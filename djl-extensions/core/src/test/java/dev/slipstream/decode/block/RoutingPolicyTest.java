package dev.slipstream.decode.block;

import static dev.slipstream.decode.block.Drafts.block;
import static dev.slipstream.decode.block.Drafts.confident;
import static dev.slipstream.decode.block.Drafts.uncertain;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.block.VerificationScore.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which drafts are verified, in planned steps. */
class RoutingPolicyTest {
    private static final int VOCABULARY = 8;

    /** Of a block with one place its confidence. */
    private static final VerificationScore CONFIDENCE =
            new VerificationScore(new AcceptanceEstimate.Confidence(1), Kind.STATIC, 0, 0.9);

    @Test
    void thresholdIncludesItsOwnScore() {
        assertThat(trace("score:0.5", 0.4, 0.5, 0.6, 0.49))
                .containsExactly(false, true, true, false);
    }

    @Test
    void hysteresisGoesOnUntilTheScoreIsBelowOff() {
        assertThat(trace("hysteresis:0.6:0.3", 0.5, 0.6, 0.4, 0.3, 0.29, 0.5, 0.59, 0.7, 0.31))
                .containsExactly(false, true, true, true, false, false, false, true, true);
    }

    @Test
    void everyRequestHasAStateOfItsOwn() {
        RoutingPolicy policy = RoutingPolicy.parse("hysteresis:0.6:0.3");
        Router first = policy.open(CONFIDENCE, VOCABULARY);
        assertThat(first.verifies(block(1), confident(0.9))).isTrue();
        assertThat(policy.open(CONFIDENCE, VOCABULARY).verifies(block(1), confident(0.5)))
                .isFalse();
        assertThat(first.verifies(block(1), confident(0.5))).isTrue();
    }

    @Test
    void alwaysAndNever() {
        assertThat(trace("always", 0, 1)).containsExactly(true, true);
        assertThat(trace("never", 0, 1)).containsExactly(false, false);
    }

    @Test
    void theSpanIsTheFirstRunOfUnknownPlacesOnly() {
        Router router = RoutingPolicy.parse("span:3").open(CONFIDENCE, VOCABULARY);
        Predictions any = confident(new double[8]);
        assertThat(router.verifies(block(8, 0, 4), any)).isTrue();
        assertThat(router.verifies(block(8, 0, 3), any)).isFalse();
        assertThat(router.verifies(block(8), any)).isTrue();
    }

    @Test
    void theBanditTriesBothInEachSituationFirst() {
        Router router = RoutingPolicy.parse("bandit:0").open(CONFIDENCE, VOCABULARY);
        Predictions sure = uncertain(0, 0, 0, 0);
        assertThat(step(router, block(4), sure, 4)).isTrue();
        assertThat(step(router, block(4), sure, 1)).isFalse();
        assertThat(step(router, block(4), sure, 4)).as("2 tokens a run against 1").isTrue();

        Predictions unsure = uncertain(Drafts.all(4, Math.log(VOCABULARY)));
        assertThat(step(router, block(4), unsure, 1)).isTrue();
        assertThat(step(router, block(4), unsure, 1)).isFalse();
        assertThat(step(router, block(4), unsure, 1)).as("0.5 against 1").isFalse();
        assertThat(step(router, block(4), sure, 4)).isTrue();

        assertThat(step(router, block(4, 1, 2, 3), sure, 1)).as("late, a short span").isTrue();
        assertThat(step(router, block(4, 3), sure, 1)).as("early, a long span").isTrue();
        assertThat(step(router, block(4, 0, 1), sure, 1)).as("late, a short span").isFalse();
    }

    /** The rule once more, with names for situations and sums made anew each time. */
    @Test
    void theBanditTakesTheHigherUpperBound() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        double beta = 2 * random.nextDouble();
        Router router = new RoutingPolicy.Bandit(beta).open(CONFIDENCE, VOCABULARY);
        Map<String, List<Double>> record = new HashMap<>();
        for (int t = 1; t <= 2000; t++) {
            int length = 1 + random.nextInt(9);
            ActiveBlock block = block(length);
            double[] entropies = new double[length];
            for (int place = 0; place < length; place++) {
                entropies[place] = random.nextDouble() * Math.log(VOCABULARY);
                if (block.unknown() > 1 && random.nextInt(3) == 0) {
                    block.commit(place, 1);
                }
            }
            String situation = situation(block, entropies);
            double verified = bound(record.get(situation + true), beta, t);
            double plain = bound(record.get(situation + false), beta, t);
            boolean chosen = router.verifies(block, uncertain(entropies));
            if (Math.abs(verified - plain) > 1e-9 || verified == plain) {
                assertThat(chosen).as("seed %d, step %d", seed, t).isEqualTo(verified >= plain);
            }
            int tokens = 1 + random.nextInt(length);
            router.learn(tokens);
            record.computeIfAbsent(situation + chosen, key -> new ArrayList<>())
                    .add(chosen ? tokens / 2.0 : tokens);
        }
        assertThat(record).hasSizeGreaterThan(10);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "never",
                "always",
                "span:8",
                "score:-5.0",
                "hysteresis:1.0:-5.0",
                "bandit:1.0"
            })
    void aPolicysTextNamesIt(String text) {
        assertThat(RoutingPolicy.parse(text)).hasToString(text);
    }

    @Test
    void wrongPoliciesAreRefused() {
        assertThatThrownBy(() -> RoutingPolicy.parse("sometimes"))
                .hasMessageContainingAll("policy \"sometimes\"", "hysteresis:1:-5");
        assertThatThrownBy(() -> RoutingPolicy.parse("span:0"))
                .hasMessage("policy span: expected 1 or more places, found 0");
        assertThatThrownBy(() -> RoutingPolicy.parse("span:1.5"))
                .hasMessageContaining("expected a whole number of places, found 1.5");
        assertThatThrownBy(() -> RoutingPolicy.parse("score"))
                .hasMessage("policy \"score\": expected 1 number, found 0");
        assertThatThrownBy(() -> RoutingPolicy.parse("hysteresis:1"))
                .hasMessage("policy \"hysteresis:1\": expected 2 numbers, found 1");
        assertThatThrownBy(() -> RoutingPolicy.parse("hysteresis:1:1"))
                .hasMessageContaining("found 1.0 and 1.0");
        assertThatThrownBy(() -> RoutingPolicy.parse("score:NaN"))
                .hasMessage("policy score: expected a score, found NaN");
        assertThatThrownBy(() -> RoutingPolicy.parse("bandit:-1"))
                .hasMessage("policy bandit: expected 0 or more, found -1.0");
        assertThatThrownBy(() -> RoutingPolicy.parse("always:1"))
                .hasMessageContaining("expected no number, found 1");
    }

    private static List<Boolean> trace(String policy, double... confidences) {
        Router router = RoutingPolicy.parse(policy).open(CONFIDENCE, VOCABULARY);
        List<Boolean> result = new ArrayList<>();
        for (double confidence : confidences) {
            result.add(step(router, block(1), confident(confidence), 1));
        }
        return result;
    }

    private static boolean step(
            Router router, ActiveBlock block, Predictions predictions, int tokens) {
        boolean verifies = router.verifies(block, predictions);
        router.learn(tokens);
        return verifies;
    }

    private static String situation(ActiveBlock block, double[] entropies) {
        int span = 0;
        double sum = 0;
        for (int place = block.firstUnknown(); place < block.length(); place++) {
            if (block.known(place)) {
                break;
            }
            span++;
            sum += entropies[place] / Math.log(VOCABULARY);
        }
        int length = block.length();
        double known = length - block.unknown();
        boolean isLong = length > 1 && (span - 1.0) / (length - 1) >= 0.5;
        return isLong + " " + (known / length >= 0.5) + " " + (sum / span >= 0.5) + " ";
    }

    private static double bound(List<Double> rewards, double beta, int t) {
        if (rewards == null) {
            return Double.POSITIVE_INFINITY;
        }
        double mean = rewards.stream().mapToDouble(r -> r).average().orElseThrow();
        return mean + beta * Math.sqrt(Math.log(t) / rewards.size());
    }
}
