package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.TinyDecoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A step in portions is one large step. */
class AccumulationTest {
    @TempDir Path directory;

    static Stream<Recipe> recipes() {
        return Stream.of(
                new LanguageModelling(),
                MatFormer.equal(List.of(12, 48), MatFormer.Mode.JOINT),
                new NextBlock(Visibility.CONTEXT_CAUSAL, BlockGrowth.none(4), 0.5, 60),
                new NextBlock(Visibility.BLOCK_CAUSAL, BlockGrowth.none(4), 0, 60));
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void portionsChangeNothing(Recipe recipe) throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = Passes.decoder(manager, directory);
            int[][] windows = Passes.windows(5, 12);
            Objective objective = recipe.objective(0, windows, new SplittableRandom(9));
            Map<String, float[]> whole = Passes.gradients(manager, decoder, objective, 5, 5);
            Map<String, Double> losses = Passes.losses(manager, decoder, objective, 5, 5);
            for (int portion : new int[] {1, 2}) {
                Map<String, float[]> parts =
                        Passes.gradients(manager, decoder, objective, 5, portion);
                whole.forEach(
                        (name, values) ->
                                assertThat(parts.get(name))
                                        .as(name)
                                        .containsExactly(values, within(1e-5f)));
                Passes.losses(manager, decoder, objective, 5, portion)
                        .forEach(
                                (name, loss) ->
                                        assertThat(loss)
                                                .as(name)
                                                .isCloseTo(losses.get(name), within(1e-5)));
            }
        }
    }
}
