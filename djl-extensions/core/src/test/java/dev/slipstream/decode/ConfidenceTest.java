package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ConfidenceTest {
    @Test
    void isTheSoftmaxOfTheLikeliest() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 200; trial++) {
            float[] logits = new float[1 + random.nextInt(5_000)];
            int best = 0;
            for (int i = 0; i < logits.length; i++) {
                float logit = 8 * (float) random.nextGaussian();
                logits[i] = trial % 3 == 0 ? Math.round(logit) : logit;
                best = logits[i] > logits[best] ? i : best;
            }
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp((double) logit - logits[best]);
            }
            Confidence found = new Confidence(logits.length);
            found.read(FloatBuffer.wrap(logits));
            assertThat(found.token()).as("seed %d, trial %d", seed, trial).isEqualTo(best);
            assertThat(found.probability())
                    .as("seed %d, trial %d", seed, trial)
                    .isCloseTo(1 / sum, within(1e-9));
        }
    }

    @Test
    void countsTheLowestIdsOnly() {
        Confidence found = new Confidence(2);
        found.read(FloatBuffer.wrap(new float[] {1, 1, 9}));
        assertThat(found.token()).isZero();
        assertThat(found.probability()).isEqualTo(0.5);
    }

    @Test
    void isNoneOfDamagedLogits() {
        Confidence found = new Confidence(3);
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            found.read(FloatBuffer.wrap(new float[] {1, broken, 2}));
            assertThat(found.token()).isZero();
            assertThat(found.probability()).isZero();
        }
        float never = Float.NEGATIVE_INFINITY;
        found.read(FloatBuffer.wrap(new float[] {never, never, never}));
        assertThat(found.probability()).isZero();
        found.read(FloatBuffer.wrap(new float[] {never, 3, never}));
        assertThat(found.token()).isEqualTo(1);
        assertThat(found.probability()).isEqualTo(1, within(1e-12));
    }
}
