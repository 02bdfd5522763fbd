package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.ModelCandidates;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The whole appraisal on a real model. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AppraiserTest {
    private static final String MODEL = "src/test/resources/stories260k";
    private static final SlidingWindow WINDOW = new SlidingWindow(64, 32);
    private static final LoadOptions FP32 =
            LoadOptions.defaults()
                    .withPrecision(Precision.FP32)
                    .withThreads(1)
                    .withRequests(1, 0)
                    .withCache(CacheOptions.NONE);

    private final OpenCandidate original = ModelCandidates.original(MODEL, FP32);
    private int[] tokens = {};
    private Prompt prompt = new Prompt("", new int[] {1});

    @BeforeAll
    void readText() {
        String text =
                "Once upon a time, there was a little girl named Lily. She loved to play outside. ";
        tokens =
                original.model()
                        .tokenizer()
                        .encode(text.repeat(5), Tokenizer.SpecialTokens.AS_WRITTEN);
        prompt = new Prompt("", Arrays.copyOf(tokens, 6));
    }

    @AfterAll
    void close() {
        original.close();
    }

    @Test
    void findsNoDifferenceBetweenAModelAndItself() {
        List<String> told = new ArrayList<>();
        Evaluation evaluation;
        try (OpenCandidate same = candidates().open(Candidate.ORIGINAL, pass -> {})) {
            evaluation =
                    appraiser(List.of())
                            .appraise(same, (stage, done, all) -> told.add(stage + " " + done));
        }

        assertThat(evaluation.quality().divergence()).isZero();
        assertThat(evaluation.quality().agreement()).isEqualTo(1);
        assertThat(evaluation.quality().natsLost()).isZero();
        assertThat(evaluation.speed().ratio().median()).isPositive().isFinite();
        assertThat(evaluation.speed().firstToken().median()).isPositive().isFinite();
        assertThat(evaluation.footprint().storedBytes())
                .isEqualTo(evaluation.originalFootprint().storedBytes())
                .isGreaterThan(260_000 * Float.BYTES);
        assertThat(told).contains("QUALITY " + tokens.length, "SPEED 6");
    }

    @Test
    void measuresWhatThePerplexityMeterMeasures() {
        Evaluation evaluation;
        Perplexity alone;
        try (OpenCandidate int4 =
                ModelCandidates.original(MODEL, FP32.withPrecision(Precision.INT4))) {
            evaluation = appraiser(List.of()).appraise(int4, (stage, done, all) -> {});
            LanguageModel model = int4.model();
            alone =
                    new PerplexityMeter(model.decoder(), WINDOW, model.beginToken())
                            .measure(tokens, 1, done -> {});
        }

        assertThat(evaluation.quality().candidate().nats()).isCloseTo(alone.nats(), within(1e-6));
        assertThat(evaluation.quality().divergence()).isBetween(1e-4, 1.0);
        assertThat(evaluation.quality().agreement()).isBetween(0.5, 0.9999);
        assertThat(evaluation.footprint().storedBytes())
                .isLessThan(evaluation.originalFootprint().storedBytes());
    }

    @Test
    void letsBothDoTheTasks() {
        Evaluator size =
                new Evaluator() {
                    @Override
                    public String name() {
                        return "bytes-per-token";
                    }

                    @Override
                    public boolean suits(Subject subject) {
                        return true;
                    }

                    @Override
                    public Score evaluate(Subject subject) {
                        long bytes = ((Subject.Decoder) subject).model().decoder().bytesPerToken();
                        return new Score(bytes, Score.Better.LOWER, 1);
                    }
                };
        Evaluation evaluation =
                appraiser(List.of(size)).appraise(original, (stage, done, all) -> {});

        assertThat(evaluation.tasks()).hasSize(1);
        assertThat(evaluation.tasks().get(0).task()).isEqualTo("bytes-per-token");
        assertThat(evaluation.tasks().get(0).candidate())
                .isEqualTo(evaluation.tasks().get(0).original());
    }

    @Test
    void refusesAModelOfAnotherTokenizer() {
        try (OpenCandidate other =
                ModelCandidates.original(
                        "../models/src/main/resources/META-INF/slipstream/models/storyteller-7m",
                        FP32)) {
            assertThatThrownBy(() -> appraiser(List.of()).appraise(other, (stage, done, all) -> {}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("tokenizer of stories260k");
        }
    }

    @Test
    void tellsWhichPassIsUnknown() {
        Candidate unknown = new Candidate(List.of(PassSpec.parse("no-such-pass")), List.of(), null);

        assertThatThrownBy(() -> candidates().open(unknown, pass -> {}))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("no-such-pass");
    }

    private Appraiser appraiser(List<Evaluator> tasks) {
        return new Appraiser(
                original, tokens, WINDOW, new SpeedMeter(List.of(prompt), 4, 1, 2), tasks);
    }

    private ModelCandidates candidates() {
        return new ModelCandidates(
                MODEL,
                FP32,
                original.model(),
                new Calibration(List.of(tokens), new RuntimeOptions(1, FP32.spinning(), 1)));
    }
}
