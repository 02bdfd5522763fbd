package dev.slipstream.decode.draft.diffuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.draft.AdaptiveLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options as text, and what of them depends on the model. */
class DiffuSpecOptionsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "k-max=15",
                " beam = 7 , k-min=2",
                "k-min=20,k-max=30,delta=10,rho=0.25,candidates=9,mass=1,beam=1,proxy-weight=0,score=SUM,steps=3,proxy=uniform"
            })
    void readsAndWritesText(String text) {
        DiffuSpecOptions options = DiffuSpecOptions.parse(text);
        assertThat(DiffuSpecOptions.parse(options.toString())).isEqualTo(options);
    }

    @Test
    void whatIsLeftOutHasItsDefault() {
        assertThat(DiffuSpecOptions.parse("")).isEqualTo(DiffuSpecOptions.DEFAULT);
        DiffuSpecOptions some = DiffuSpecOptions.parse("beam=7,score=sum");
        assertThat(some.beam()).isEqualTo(7);
        assertThat(some.score()).isEqualTo(PathScore.SUM);
        assertThat(some.candidates()).isEqualTo(15);
        assertThat(some.toString())
                .isEqualTo(
                        "k-min=4,delta=5,rho=0.5,candidates=15,mass=0.8,beam=7,proxy-weight=0.5,score=sum,steps=1,proxy=ngram");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "beam | expected name=value",
                "beam=3,beam=4 | beam: expected once, found twice",
                "width=3 | found 'width'",
                "beam=three | beam: expected a whole number, found 'three'",
                "mass=much | mass: expected a number, found 'much'",
                "mass=0 | mass: expected above 0 and up to 1, found 0.0",
                "mass=NaN | mass: expected above 0 and up to 1, found NaN",
                "rho=1.5 | rho: expected above 0 and up to 1, found 1.5",
                "k-min=0 | k-min: expected 1 or more, found 0",
                "k-max=3 | k-max: expected k-min (4) or more, found 3",
                "delta=-1 | delta: expected 0 or more, found -1",
                "candidates=0 | candidates: expected 1 to 1000, found 0",
                "beam=1001 | beam: expected 1 to 1000, found 1001",
                "proxy-weight=-0.1 | proxy-weight: expected 0 to 1, found -0.1",
                "steps=0 | steps: expected 1 or more, found 0",
                "score=best | score: expected one of [sum, mean], found 'best'",
                "proxy=bigram | proxy: expected one of [ngram, uniform], found 'bigram'"
            })
    void refusesOtherTextAndSaysWhatToWrite(String text, String message) {
        assertThatThrownBy(() -> DiffuSpecOptions.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void draftsAreAsLongAsTheModelWasTrainedFor() {
        BlockDiffusion model = new BlockDiffusion(16, 3, BlockDiffusion.Alignment.SHIFTED);
        assertThat(DiffuSpecOptions.DEFAULT.length(model))
                .isEqualTo(new AdaptiveLength(4, 15, 5, 0.5));
        BlockDiffusion small = new BlockDiffusion(4, 3, BlockDiffusion.Alignment.SHIFTED);
        assertThat(DiffuSpecOptions.DEFAULT.length(small))
                .isEqualTo(new AdaptiveLength(3, 3, 5, 0.5));
        assertThat(DiffuSpecOptions.parse("k-max=30").length(small))
                .isEqualTo(new AdaptiveLength(4, 30, 5, 0.5));
    }
}
