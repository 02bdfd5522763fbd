package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GenerationOptionsTest {
    private static final double NAN = Double.NaN;
    private static final double INFINITY = Double.POSITIVE_INFINITY;

    static Stream<Arguments> wrong() {
        return Stream.of(
                wrong("maxTokens", "0 or more", "-1", b -> b.maxTokens(-1)),
                wrong("temperature", "0 to 100", "NaN", b -> b.temperature(NAN)),
                wrong("temperature", "0 to 100", "Infinity", b -> b.temperature(INFINITY)),
                wrong("temperature", "0 to 100", "-0.1", b -> b.temperature(-0.1)),
                wrong("temperature", "0 to 100", "100.5", b -> b.temperature(100.5)),
                wrong("topK", "0 or more", "-1", b -> b.topK(-1)),
                wrong("topP", "above 0 and at most 1", "0.0", b -> b.topP(0)),
                wrong("topP", "above 0 and at most 1", "1.01", b -> b.topP(1.01)),
                wrong("topP", "above 0 and at most 1", "NaN", b -> b.topP(NAN)),
                wrong("weight", "above 0 and at most 100", "0.0", b -> b.weight(0)),
                wrong("weight", "above 0 and at most 100", "100.5", b -> b.weight(100.5)),
                wrong("weight", "above 0 and at most 100", "NaN", b -> b.weight(NAN)),
                wrong("minP", "0 to 1", "-0.5", b -> b.minP(-0.5)),
                wrong("minP", "0 to 1", "1.5", b -> b.minP(1.5)),
                wrong("minP", "0 to 1", "NaN", b -> b.minP(NAN)),
                wrong("repetitionPenalty", "0.01 to 100", "0.0", b -> b.repetitionPenalty(0)),
                wrong("repetitionPenalty", "0.01 to 100", "-1.0", b -> b.repetitionPenalty(-1)),
                wrong("repetitionPenalty", "0.01 to 100", "NaN", b -> b.repetitionPenalty(NAN)),
                wrong("presencePenalty", "-100 to 100", "101.0", b -> b.presencePenalty(101)),
                wrong("presencePenalty", "-100 to 100", "NaN", b -> b.presencePenalty(NAN)),
                wrong("frequencyPenalty", "-100 to 100", "-101.0", b -> b.frequencyPenalty(-101)),
                wrong(
                        "frequencyPenalty",
                        "-100 to 100",
                        "Infinity",
                        b -> b.frequencyPenalty(INFINITY)),
                wrong(
                        "logitBias",
                        "token ids of 0 or more",
                        "-3",
                        b -> b.logitBias(Map.of(-3, 1.0))),
                wrong("logitBias", "10000", "NaN for token 7", b -> b.logitBias(Map.of(7, NAN))),
                wrong("logitBias", "10000", "Infinity", b -> b.logitBias(Map.of(7, INFINITY))),
                wrong(
                        "logitBias",
                        "10000",
                        "null for token 7",
                        b -> b.logitBias(Collections.singletonMap(7, null))),
                wrong("stopTokens", "0 or more", "-2", b -> b.stopTokens(Set.of(-2))),
                wrong(
                        "stopStrings",
                        "at least one character",
                        "empty one at index 1",
                        b -> b.stopStrings(List.of("a", ""))),
                wrong(
                        "stopStrings",
                        "at least one character",
                        "null at index 0",
                        b -> b.stopStrings(Arrays.asList((String) null))),
                wrong(
                        "stopStrings",
                        "at most 16384",
                        "16385 at index 0",
                        b -> b.stopStrings(List.of("x".repeat(16_385)))),
                wrong(
                        "stopStrings",
                        "at most 64",
                        "65",
                        b -> b.stopStrings(Collections.nCopies(65, "x"))),
                wrong(
                        "stopStrings",
                        "whole characters",
                        "index 0",
                        b -> b.stopStrings(List.of("a\uDE00"))),
                wrong("topLogProbabilities", "0 to 20", "-1", b -> b.topLogProbabilities(-1)),
                wrong("topLogProbabilities", "0 to 20", "21", b -> b.topLogProbabilities(21)),
                wrong("deadline", "zero", "PT-1S", b -> b.deadline(Duration.ofSeconds(-1))),
                wrong("deadline", "365 days", "PT8784H", b -> b.deadline(Duration.ofDays(366))));
    }

    private static Arguments wrong(
            String option,
            String expected,
            String found,
            UnaryOperator<GenerationOptions.Builder> change) {
        return Arguments.of(option, expected, found, change);
    }

    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("wrong")
    void namesTheOptionTheRangeAndTheValue(
            String option,
            String expected,
            String found,
            UnaryOperator<GenerationOptions.Builder> change) {
        GenerationOptions.Builder builder = change.apply(GenerationOptions.builder());
        assertThatThrownBy(builder::build)
                .isInstanceOfSatisfying(
                        InvalidOptionException.class, e -> assertThat(e.option()).isEqualTo(option))
                .hasMessageStartingWith(option + ": ")
                .hasMessageContaining(expected)
                .hasMessageContaining("found")
                .hasMessageContaining(found);
    }

    @Test
    void acceptsTheEndsOfEveryRange() {
        GenerationOptions lowest =
                GenerationOptions.builder()
                        .maxTokens(0)
                        .temperature(0)
                        .topK(0)
                        .topP(Double.MIN_VALUE)
                        .minP(0)
                        .repetitionPenalty(0.01)
                        .presencePenalty(-100)
                        .frequencyPenalty(-100)
                        .logitBias(Map.of(0, -10_000.0))
                        .stopTokens(Set.of(0))
                        .stopStrings(List.of("x"))
                        .topLogProbabilities(0)
                        .deadline(Duration.ZERO)
                        .build();
        GenerationOptions highest =
                GenerationOptions.builder()
                        .maxTokens(Integer.MAX_VALUE)
                        .temperature(100)
                        .topK(Integer.MAX_VALUE)
                        .topP(1)
                        .minP(1)
                        .repetitionPenalty(100)
                        .presencePenalty(100)
                        .frequencyPenalty(100)
                        .logitBias(Map.of(Integer.MAX_VALUE, 10_000.0))
                        .stopStrings(Collections.nCopies(64, "\uD83D\uDE00".repeat(8_192)))
                        .topLogProbabilities(20)
                        .deadline(Duration.ofDays(365))
                        .build();
        assertThat(lowest.toBuilder().build()).isEqualTo(lowest);
        assertThat(highest.toBuilder().build()).isEqualTo(highest);
    }
}
