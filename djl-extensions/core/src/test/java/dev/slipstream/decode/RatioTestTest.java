package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

/**
 * Numbers at their limits; that the distribution is right, {@link AcceptanceStatisticsTest} has.
 */
class RatioTestTest {
    private static final float[] LOGITS = {(float) Math.log(0.5), (float) Math.log(0.3), -1.6094f};
    private static final float NEVER = Float.NEGATIVE_INFINITY;

    @Test
    void aTokenThatWasLostToRoundingStaysIfTheTargetHasIt() {
        for (long seed = 0; seed < 50; seed++) {
            assertThat(choose(seed, LOGITS, 2, 0.6, 0.4, 0)).isEqualTo(2);
        }
    }

    @Test
    void aTokenThatTheTargetRulesOutNeverStays() {
        float[] without = {0, NEVER, 0};
        for (long seed = 0; seed < 50; seed++) {
            assertThat(choose(seed, without, 1, 0, 1, 0)).isNotEqualTo(1);
            assertThat(choose(seed, without, 1, 0.5, 0, 0.5)).isNotEqualTo(1);
        }
    }

    @Test
    void atLeastAsLikelyInTheTargetAlwaysStays() {
        float[] equal = {0, 0, NEVER};
        for (long seed = 0; seed < 1000; seed++) {
            assertThat(choose(seed, equal, 1, 0.5, 0.5, 0)).isEqualTo(1);
        }
    }

    /** Sums a little above 1, as 32-bit floats give: nothing of p is left above q. */
    @Test
    void whatDiffersByRoundingOnlyIsDrawnFromTheTarget() {
        float[] logits = {0, NEVER, NEVER};
        double above = 1 + 1e-6;
        int[] found = new int[3];
        for (long seed = 0; seed < 100; seed++) {
            found[choose(seed, logits, 1, above, 1e-9, 0)]++;
        }
        assertThat(found).containsExactly(100, 0, 0);
    }

    @Test
    void temperatureZeroTakesTheLikeliestWhateverWasDrawn() {
        GenerationOptions greedy = GenerationOptions.greedy();
        Sampler sampler = new Sampler(greedy, 3, new int[0]);
        assertThat(new RatioTest().choose(sampler, FloatBuffer.wrap(LOGITS), draft(2, 0, 0, 1), 0))
                .isZero();
    }

    @Test
    void theTokenAfterTheDraftIsDrawnAsWithoutOne() {
        for (long seed = 0; seed < 50; seed++) {
            int plain = sampler(seed).sample(FloatBuffer.wrap(LOGITS));
            int after =
                    new RatioTest()
                            .choose(sampler(seed), FloatBuffer.wrap(LOGITS), draft(2, 0, 0, 1), 1);
            assertThat(after).isEqualTo(plain);
        }
    }

    @Test
    void probabilitiesThatAreNotNormalisedAreRefused() {
        // A rejection for certain: the target rules the token out.
        float[] without = {0, NEVER, 0};
        assertThatThrownBy(() -> choose(1, without, 1, 0.25, 0.25, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("sum to 1", "0.5", "normalise");
        assertThatThrownBy(() -> choose(1, without, 1, Double.NaN, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("NaN");
    }

    @Test
    void probabilitiesOfAnotherVocabularyAreRefused() {
        assertThatThrownBy(() -> choose(1, LOGITS, 1, 0.5, 0.5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("draft: expected probabilities of the target's 3 tokens, found 2");
    }

    private static int choose(long seed, float[] logits, int token, double... q) {
        return new RatioTest().choose(sampler(seed), FloatBuffer.wrap(logits), draft(token, q), 0);
    }

    private static Draft draft(int token, double... q) {
        return new Draft(new int[] {token}, new double[] {0.5}, new double[][] {q});
    }

    private static Sampler sampler(long seed) {
        GenerationOptions options = GenerationOptions.builder().temperature(1).seed(seed).build();
        return new Sampler(options, 3, new int[0]);
    }
}
