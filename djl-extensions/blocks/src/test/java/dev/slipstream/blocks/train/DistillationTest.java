package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.Attending;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.TinyDecoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Divergences against plain sums. */
class DistillationTest {
    private static final int VOCABULARY = 61;
    private static final int LENGTH = 9;
    private static final double TEMPERATURE = 1.7;

    @TempDir Path directory;

    @Test
    void theDivergenceIsThatOfTheTemperedProbabilities() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock teacher =
                    new TinyDecoder("LlamaForCausalLM")
                            .with("num_hidden_layers", "3")
                            .draw(manager, directory, 2);
            DecoderBlock student = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(3, LENGTH);
            Distillation recipe = new Distillation(teacher, "t", 0.7, TEMPERATURE);
            Objective objective = recipe.objective(0, windows, new SplittableRandom(1));
            Map<String, Double> losses = Passes.losses(manager, student, objective, 3, 2);
            double sum = 0;
            Attending causal = Attending.causal(manager, teacher.config(), LENGTH);
            for (int[] window : windows) {
                float[] wanted = Passes.logits(manager, teacher, window, causal);
                float[] found = Passes.logits(manager, student, window, causal);
                for (int row = 0; row < LENGTH - 1; row++) {
                    sum += divergence(wanted, found, row);
                }
            }
            double expected = sum / (3 * (LENGTH - 1));
            assertThat(losses.get("divergence")).isCloseTo(expected, within(1e-4));
            assertThat(losses).containsOnlyKeys("divergence", "next token");
        }
    }

    @Test
    void aDecoderHasNothingToLearnFromItself() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(2, LENGTH);
            Objective objective =
                    new Distillation(decoder, "itself", 1, 2)
                            .objective(0, windows, new SplittableRandom(1));
            Map<String, float[]> gradients = Passes.gradients(manager, decoder, objective, 2, 2);
            for (float[] gradient : gradients.values()) {
                for (float value : gradient) {
                    assertThat(Math.abs(value)).isLessThan(1e-5f);
                }
            }
        }
    }

    @Test
    void teachersOfAnotherVocabularyAreRefused() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock teacher =
                    new TinyDecoder("LlamaForCausalLM")
                            .with("vocab_size", "62")
                            .draw(manager, directory, 2);
            DecoderBlock student = Passes.decoder(manager, directory);
            Distillation recipe = new Distillation(teacher, "t", 0.5, 1);
            assertThatThrownBy(() -> recipe.check(student.config(), Runs.options(1)))
                    .hasMessage(
                            "vocabulary of the teacher: expected the student's, of 61 tokens, found"
                                    + " 62");
            assertThatThrownBy(() -> new Distillation(teacher, "t", 1.5, 1))
                    .hasMessage("share of the teacher: expected 0 to 1, found 1.5");
            assertThatThrownBy(() -> new Distillation(teacher, "t", 0.5, 0))
                    .hasMessage("temperature: expected more than 0, found 0.0");
        }
    }

    private static double divergence(float[] wanted, float[] found, int row) {
        double[] p = probabilities(wanted, row);
        double[] q = probabilities(found, row);
        double sum = 0;
        for (int id = 0; id < VOCABULARY; id++) {
            sum += p[id] * Math.log(p[id] / q[id]);
        }
        return sum;
    }

    private static double[] probabilities(float[] logits, int row) {
        double[] result = new double[VOCABULARY];
        double sum = 0;
        for (int id = 0; id < VOCABULARY; id++) {
            result[id] = Math.exp(logits[row * VOCABULARY + id] / TEMPERATURE);
            sum += result[id];
        }
        for (int id = 0; id < VOCABULARY; id++) {
            result[id] /= sum;
        }
        return result;
    }
}
