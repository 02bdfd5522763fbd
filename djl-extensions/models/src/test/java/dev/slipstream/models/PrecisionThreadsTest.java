package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A text does not depend on how many threads compute it. */
class PrecisionThreadsTest {
    private static final int TOKENS = 200;

    static Stream<Arguments> models() {
        return Stream.of("storyteller-7m", "stories260k", "babyllama105")
                .flatMap(
                        name ->
                                Arrays.stream(Precision.values())
                                        .map(precision -> Arguments.of(name, precision)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void oneAndTwoThreadsWriteTheSame(String name, Precision precision) {
        assertThat(texts(name, precision, 2)).isEqualTo(texts(name, precision, 1));
    }

    /** A greedy text and a drawn one. */
    private static List<List<?>> texts(String name, Precision precision, int threads) {
        LoadOptions load = LoadOptions.defaults().withPrecision(precision).withThreads(threads);
        GenerationOptions greedy =
                GenerationOptions.builder().maxTokens(TOKENS).ignoreEndOfText(true).build();
        GenerationOptions drawn = greedy.toBuilder().temperature(1).seed(7L).build();
        try (AutoregressiveGenerator generator = Models.open(name, load)) {
            return Stream.of(greedy, drawn)
                    .map(options -> generator.generate(generator.prompt("One day"), options))
                    .map(PrecisionThreadsTest::ofFullLength)
                    .toList();
        }
    }

    private static List<?> ofFullLength(Generation text) {
        assertThat(text.tokens()).hasSize(TOKENS);
        return text.tokens();
    }
}
