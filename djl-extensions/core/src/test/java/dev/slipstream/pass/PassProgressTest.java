package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Passes that take long say how far they are, up to the end, and it changes nothing. */
class PassProgressTest {
    private static final int LAYERS = 4;
    private static final int SEQUENCES = 2;

    @TempDir Path directory;

    private final RandomModel random = SkippableModels.random(31, LAYERS);
    private final Calibration calibration =
            new Calibration(
                    List.of(random.tokens(12), random.tokens(14)), RuntimeOptions.defaults());

    private record Step(int done, int total) {}

    /** Hears of passes and of their steps. */
    private static final class Heard implements PipelineProgress {
        private final List<String> passes = new ArrayList<>();
        private final List<Step> steps = new ArrayList<>();

        @Override
        public void begins(Pass pass) {
            passes.add(pass.spec().name());
        }

        @Override
        public void step(int done, int total) {
            steps.add(new Step(done, total));
        }
    }

    /** Runs are counted: 8, then 7 candidates on each sequence; searches end early. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "finercut:count=2 | 30",
                "finercut:count=2,protect-front=0.5 | 30",
                "finercut:count=2,order=one-shot | 16",
                "ffn-skip:cold-start=0,cold-end=4,share=0.2,warm-up=2 | 45",
                "ffn-skip:cold-start=0,cold-end=4,threshold=0.5,warm-up=2 | 3",
                "quantise:weights=int4,method=gptq | 30",
                "quantise:weights=int4,int8-share=0.3 | 10"
            })
    void stepsRiseToTheirTotal(String pass, int total) throws IOException {
        Heard heard = new Heard();
        OnnxModel found = apply(pass, heard);
        assertThat(heard.steps).isNotEmpty().extracting(Step::total).containsOnly(total);
        assertThat(heard.steps)
                .extracting(Step::done)
                .isSorted()
                .doesNotHaveDuplicates()
                .allMatch(done -> done >= 1)
                .endsWith(total);
        assertThat(heard.steps.size()).isGreaterThan(2);
        assertThat(Probed.logits(found, random.tokens(5)))
                .isEqualTo(Probed.logits(apply(pass, p -> {}), random.tokens(5)));
    }

    private OnnxModel apply(String pass, PipelineProgress progress) throws IOException {
        OnnxModel graph =
                SkippableModels.graph(
                        SkippableModels.random(31, LAYERS).write(directory), Precision.FP32);
        return new Pipeline(Passes.create(List.of(pass)))
                .apply(graph, calibration, progress)
                .graph();
    }

    @Test
    void eachPassIsAnnouncedBeforeItsSteps() throws IOException {
        Heard heard = new Heard();
        OnnxModel graph =
                SkippableModels.graph(
                        SkippableModels.random(31, LAYERS).write(directory), Precision.FP32);
        new Pipeline(Passes.create(List.of("remove:sub-layers=feed-forward.0", "finercut:count=1")))
                .apply(graph, calibration, heard);
        assertThat(heard.passes).containsExactly("remove", "finercut");
        assertThat(heard.steps).hasSize(SEQUENCES * (2 * LAYERS - 1));
    }
}
