package dev.slipstream.samples.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What keeps a failure from being timed. */
class LogitCheckTest {
    private static final float[] ROW = {1, -4, 2};

    @Test
    void takesRoundingOnly() {
        assertThatCode(() -> LogitCheck.same("step", ROW, new float[] {1.05f, -4, 2}))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> LogitCheck.same("step", ROW, new float[] {1.1f, -4, 2}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("step: expected the logits of another way")
                .hasMessageContaining("0.025");
    }

    @Test
    void refusesWhatIsNoNumber() {
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] row = {1, wrong, 2};
            assertThatThrownBy(() -> LogitCheck.same("step", ROW, row))
                    .hasMessageContaining("expected finite logits, found -4.0 and " + wrong);
            assertThatThrownBy(() -> LogitCheck.different("draft", ROW, row))
                    .hasMessageContaining("for token 1");
        }
        float[] zeros = new float[3];
        assertThatThrownBy(() -> LogitCheck.same("step", zeros, zeros))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> LogitCheck.same("step", ROW, new float[2]))
                .hasMessageContaining("expected 3 logits, found 2");
    }

    @Test
    void whatIsLeftOutShows() {
        assertThatThrownBy(() -> LogitCheck.different("skipped", ROW, ROW.clone()))
                .hasMessageContaining("found the same bits");
        assertThatCode(() -> LogitCheck.different("skipped", ROW, new float[] {1, -4, 3}))
                .doesNotThrowAnyException();
    }
}
