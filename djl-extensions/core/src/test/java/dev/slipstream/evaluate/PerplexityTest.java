package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerplexityTest {
    @Test
    void givesTheMeansOfAUniformGuess() {
        // 100 tokens of 8 equally likely ones are 300 bits; over 150 characters 2 bits each.
        Perplexity uniform = new Perplexity(100, 150, 100 * Math.log(8));

        assertThat(uniform.perplexity()).isCloseTo(8, within(1e-9));
        assertThat(uniform.natsPerToken()).isCloseTo(2.0794415, within(1e-6));
        assertThat(uniform.bitsPerCharacter()).isCloseTo(2, within(1e-9));
    }

    @Test
    void refusesATextWithoutTokensAndASumThatIsNoNumber() {
        assertThatThrownBy(() -> new Perplexity(0, 0, 0)).hasMessageContaining("tokens");
        assertThatThrownBy(() -> new Perplexity(1, -1, 0)).hasMessageContaining("characters");
        assertThatThrownBy(() -> new Perplexity(1, 1, Double.NaN)).hasMessageContaining("nats");
    }

    @ParameterizedTest
    @CsvSource({"2048, 512, 256", "256, 256, 128", "1, 1, 1"})
    void readsByHalvesOfTheContextOrOf512(int contextLength, int length, int stride) {
        assertThat(SlidingWindow.within(contextLength))
                .isEqualTo(new SlidingWindow(length, stride));
    }

    @Test
    void refusesAStrideThatWouldLeaveTokensOut() {
        assertThatThrownBy(() -> new SlidingWindow(8, 9)).hasMessageContaining("1 to");
        assertThatThrownBy(() -> new SlidingWindow(8, 0)).hasMessageContaining("stride");
        assertThatThrownBy(() -> new SlidingWindow(0, 1)).hasMessageContaining("length");
    }
}
