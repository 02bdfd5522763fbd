package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.TinyDecoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which neurons learn from which width. */
class MatFormerTest {
    private static final List<Integer> WIDTHS = List.of(6, 24, 48);
    private static final int HIDDEN = 32;
    private static final String GATE = "model.layers.0.mlp.gate_proj.weight";
    private static final String DOWN = "model.layers.1.mlp.down_proj.weight";

    @TempDir Path directory;

    @Test
    void theJointGradientIsTheSumOfThoseOfTheWidths() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(3, 10);
            List<Double> weights = List.of(1.0, 2.0, 5.0);
            MatFormer joint = new MatFormer(WIDTHS, MatFormer.Mode.JOINT, weights);
            Map<String, float[]> found = gradients(manager, decoder, joint, windows);
            Map<String, float[]> sum = new LinkedHashMap<>();
            for (int i = 0; i < WIDTHS.size(); i++) {
                Map<String, float[]> one = oneWidth(manager, decoder, windows, WIDTHS.get(i));
                double factor = weights.get(i) / 8;
                one.forEach((name, values) -> add(sum, name, values, factor));
            }
            found.forEach(
                    (name, values) ->
                            assertThat(values)
                                    .as(name)
                                    .containsExactly(sum.get(name), within(1e-5f)));
        }
    }

    @Test
    void neuronsBeyondAWidthGetNoGradient() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            Map<String, float[]> found =
                    oneWidth(manager, decoder, Passes.windows(2, 10), WIDTHS.get(0));
            for (int neuron = 0; neuron < 48; neuron++) {
                boolean inside = neuron < 6;
                assertThat(rowIsZero(found.get(GATE), neuron)).isEqualTo(!inside);
                assertThat(columnIsZero(found.get(DOWN), neuron)).isEqualTo(!inside);
            }
        }
    }

    @Test
    void drawnWidthsComeAsOftenAsTheirWeightsSay() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(1, 4);
            MatFormer sample = new MatFormer(WIDTHS, MatFormer.Mode.SAMPLE, List.of(1.0, 1.0, 2.0));
            Map<String, Integer> drawn = new HashMap<>();
            SplittableRandom random = new SplittableRandom(3);
            for (int step = 0; step < 200; step++) {
                Objective objective = sample.objective(step, windows, random);
                Map<String, Double> losses = Passes.losses(manager, decoder, objective, 1, 1);
                assertThat(losses).hasSize(1);
                losses.keySet().forEach(name -> drawn.merge(name, 1, Integer::sum));
            }
            assertThat(drawn.get("width 6")).isBetween(30, 70);
            assertThat(drawn.get("width 24")).isBetween(30, 70);
            assertThat(drawn.get("width 48")).isBetween(75, 125);
            assertThat(decoder.layers().get(0).feedForward().width()).isEqualTo(48);
        }
    }

    @Test
    void widthsThatAreNotNestedAreRefused() throws IOException {
        assertThatThrownBy(() -> MatFormer.equal(List.of(24, 24), MatFormer.Mode.JOINT))
                .hasMessage("width: expected 25 or more, found 24");
        assertThatThrownBy(() -> MatFormer.equal(List.of(), MatFormer.Mode.JOINT))
                .hasMessageContaining("widths: expected one or more, each with a weight");
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            MatFormer short_ = MatFormer.equal(List.of(6, 24), MatFormer.Mode.SAMPLE);
            assertThatThrownBy(() -> short_.check(decoder.config(), Runs.options(1)))
                    .hasMessage("last width: expected the whole one, 48, found 24");
        }
    }

    private static Map<String, float[]> gradients(
            NDManager manager, DecoderBlock decoder, Recipe recipe, int[][] windows) {
        Objective objective = recipe.objective(0, windows, new SplittableRandom(1));
        return Passes.gradients(manager, decoder, objective, windows.length, 2);
    }

    private static Map<String, float[]> oneWidth(
            NDManager manager, DecoderBlock decoder, int[][] windows, int width) {
        decoder.setWidth(width);
        try {
            return gradients(manager, decoder, new LanguageModelling(), windows);
        } finally {
            decoder.setWidth(48);
        }
    }

    private static void add(Map<String, float[]> sum, String name, float[] values, double factor) {
        float[] total = sum.computeIfAbsent(name, key -> new float[values.length]);
        for (int i = 0; i < values.length; i++) {
            total[i] += (float) (factor * values[i]);
        }
    }

    private static boolean rowIsZero(float[] matrix, int row) {
        for (int i = row * HIDDEN; i < (row + 1) * HIDDEN; i++) {
            if (matrix[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean columnIsZero(float[] matrix, int column) {
        for (int i = column; i < matrix.length; i += 48) {
            if (matrix[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
