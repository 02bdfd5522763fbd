package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gates of which nothing is asked change no bit on the native attention either, and what is
 * switched off there is as what was removed. A prompt is read in pieces, then token by token.
 */
@Timeout(120)
class GatesAtRestTest {
    private static final int CONTEXT = 48;
    private static final int TOKENS = 16;
    private static final int[] PIECES = {5, 7, 12};

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    static Stream<Arguments> models() {
        return Stream.of(DrawnModel.values())
                .flatMap(
                        drawn ->
                                Stream.of(Precision.values())
                                        .map(precision -> Arguments.of(drawn, precision)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void nothingAskedIsNothingChanged(DrawnModel drawn, Precision precision) throws IOException {
        OnnxModel graph = graph(drawn, precision);
        float[][] plain = read(graph, Effort.FULL);
        OnnxModel skipping =
                applied(graph, "ffn-skip:cold-start=0,cold-end=3,threshold=0.9,count=2,warm-up=0");
        assertThat(read(skipping, Effort.FULL)).isDeepEqualTo(plain);
        assertThat(read(skipping, skipping(1.01, 3))).isDeepEqualTo(plain);
        assertThat(read(skipping, skipping(-1, 0))).isDeepEqualTo(plain);
        assertThat(Arrays.deepEquals(read(skipping, skipping(-1, 1)), plain)).isFalse();
        String widths = "elastic:widths=(64,128),untrained=true";
        assertThat(read(applied(graph, widths), Effort.FULL)).isDeepEqualTo(plain);
        String all = "slice:width=128,untrained=true";
        assertThat(read(applied(graph, all), Effort.FULL)).isDeepEqualTo(plain);
    }

    @ParameterizedTest
    @MethodSource("models")
    void offIsRemoved(DrawnModel drawn, Precision precision) throws IOException {
        OnnxModel graph = graph(drawn, precision);
        float[][] plain = read(graph, Effort.FULL);
        for (String name : List.of("attention.0", "feed-forward.0", "attention.2")) {
            OnnxModel switched = applied(graph, "switch:sub-layers=" + name);
            assertThat(read(switched, switches(true))).as(name).isDeepEqualTo(plain);
            float[][] removed = read(applied(graph, "remove:sub-layers=" + name), Effort.FULL);
            assertThat(read(switched, switches(false))).as(name).isDeepEqualTo(removed);
            assertThat(removed[TOKENS - 1]).as(name).isNotEqualTo(plain[TOKENS - 1]);
        }
    }

    private OnnxModel graph(DrawnModel drawn, Precision precision) throws IOException {
        drawn.write(directory, new Random(91));
        return DrawnModel.graph(directory, precision, DrawnModel.Part.NONE, CONTEXT);
    }

    private static OnnxModel applied(OnnxModel graph, String pass) {
        return new Pipeline(Passes.create(List.of(pass))).apply(graph, null, p -> {}).graph();
    }

    private static Effort skipping(double threshold, int count) {
        return new Effort(List.of(), List.of(), new Effort.Skipping(threshold, count, true));
    }

    private static Effort switches(Boolean on) {
        return new Effort(List.of(on), List.of(), null);
    }

    private static float[][] read(OnnxModel graph, Effort effort) {
        int[] tokens = new Random(92).ints(TOKENS, 0, 96).toArray();
        RuntimeOptions options = new RuntimeOptions(1, Spinning.OFF, 1, 1);
        try (DecoderModel model = DecoderModel.open(graph, CONTEXT, options);
                DecoderSession session = model.newSession()) {
            assertThat(model.runtime()).contains("ragged");
            List<float[]> rows = new ArrayList<>();
            for (int piece = 0; rows.size() < TOKENS; piece++) {
                int from = rows.size();
                int to = piece < PIECES.length ? PIECES[piece] : from + 1;
                Logits logits = session.forward(tokens, from, to, LogitRows.ALL, effort);
                for (int i = 0; i < logits.rows(); i++) {
                    float[] row = new float[logits.vocabularySize()];
                    logits.row(i).get(0, row);
                    rows.add(row);
                }
            }
            return rows.toArray(float[][]::new);
        }
    }
}
