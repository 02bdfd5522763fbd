package dev.slipstream.pass;

import static dev.slipstream.pass.TinyDecoders.attention;
import static dev.slipstream.pass.TinyDecoders.feedForward;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.pass.DecoderForm.Packed;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What must be exact of every pass, on every form of decoder, as sessions compute it: a prompt in
 * pieces, then token by token. What a pass can't do it refuses, and says where.
 */
class EveryArchitectureTest {
    private static final int[] TOKENS = DecoderForm.tokens(16);
    private static final int[] PIECES = {5, 7, 12};
    private static final String WHERE =
            "(?s).*(layer |layers.*\\{|attention\\.|feed-forward\\.)\\d.*";
    private static final Effort NEVER = skipping(1.01, 3);
    private static final Effort NONE = skipping(-1, 0);

    @TempDir Path directory;

    /** Passes that change nothing as long as nothing is asked of their gates. */
    private enum AtRest {
        SKIP("ffn-skip:cold-start=0,cold-end=2,threshold=0.9,count=2,warm-up=0"),
        ELASTIC("elastic:widths=(64,128),untrained=true"),
        SLICE("slice:width=128,untrained=true"),
        SWITCHED_FEED_FORWARDS("switch:sub-layers=(feed-forward.0,feed-forward.1)"),
        SWITCHED_ATTENTIONS("switch:sub-layers=(attention.0,attention.1)");

        private final String pass;

        AtRest(String pass) {
            this.pass = pass;
        }

        /** A gate around an attention needs keys and values that stay in place. */
        Set<DecoderForm> refused() {
            Set<DecoderForm> unreadable =
                    EnumSet.of(DecoderForm.EXPORT_MERGED, DecoderForm.LFM2, DecoderForm.QWEN35);
            if (this == SWITCHED_ATTENTIONS) {
                unreadable.addAll(
                        EnumSet.range(DecoderForm.EXPORT, DecoderForm.EXPORT_WITH_IGNORED_BRANCH));
            }
            if (this == SWITCHED_ATTENTIONS || this == SWITCHED_FEED_FORWARDS || this == SKIP) {
                unreadable.add(DecoderForm.GPT2);
            }
            return unreadable;
        }

        List<Effort> efforts() {
            return switch (this) {
                case SKIP -> List.of(Effort.FULL, NEVER, NONE);
                case ELASTIC, SLICE -> List.of(Effort.FULL);
                case SWITCHED_ATTENTIONS, SWITCHED_FEED_FORWARDS ->
                        List.of(Effort.FULL, new Effort(List.of(true, true), List.of(), null));
            };
        }
    }

    private static Effort skipping(double threshold, int count) {
        return new Effort(List.of(), List.of(), new Effort.Skipping(threshold, count, true));
    }

    static Stream<Packed> forms() {
        return DecoderForm.all();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void gatesAtRestChangeNoBit(Packed form) throws IOException {
        OnnxModel graph = form.graph(directory);
        float[][] plain = read(graph, Effort.FULL);
        for (AtRest gates : AtRest.values()) {
            if (gates.refused().contains(form.form())) {
                assertRefused(
                        graph,
                        gates.pass,
                        gates == AtRest.SKIP && form.form() == DecoderForm.GPT2
                                ? "(?s).*operator set 13 or newer, found 11.*"
                                : WHERE);
                continue;
            }
            OnnxModel gated = apply(graph, gates.pass, null);
            for (Effort effort : gates.efforts()) {
                assertThat(read(gated, effort))
                        .as("%s %s %s", form, gates, effort)
                        .isDeepEqualTo(plain);
            }
        }
    }

    /** In exports sums end in another order once a norm reads another addition. */
    @ParameterizedTest
    @MethodSource("forms")
    void removedIsAsIfItAddedNothing(Packed form) throws IOException {
        OnnxModel graph = form.graph(directory);
        float[][] plain = read(graph, Effort.FULL);
        for (SubLayerName name :
                List.of(attention(0), feedForward(0), attention(1), feedForward(1))) {
            if (Set.of(DecoderForm.EXPORT_MERGED, DecoderForm.LFM2).contains(form.form())) {
                assertRefused(graph, "remove:sub-layers=" + name, WHERE);
                continue;
            }
            float[][] found = read(apply(graph, "remove:sub-layers=" + name, null), Effort.FULL);
            float[][] expected = read(Zeroed.of(graph, Set.of(name)), Effort.FULL);
            if (form.form().built()) {
                assertThat(found).as("%s %s", form, name).isDeepEqualTo(expected);
            } else {
                assertThat(Logits.difference(found, expected))
                        .as("%s %s", form, name)
                        .isLessThan(form.form() == DecoderForm.QWEN35 ? 2e-3 : 1e-6);
            }
            assertThat(Logits.difference(found, plain))
                    .as("%s %s", form, name)
                    .isGreaterThan(form.form() == DecoderForm.QWEN35 ? 5e-3 : 0.05);
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void theRankingTakesWhatAddsNothingFirst(Packed form) throws IOException {
        OnnxModel graph = form.graph(directory);
        RemovalRule rule = RemovalRule.of(RemovalOrder.GREEDY);
        if (Set.of(DecoderForm.EXPORT_MERGED, DecoderForm.LFM2).contains(form.form())) {
            assertThatThrownBy(() -> new FinerCut(graph, rule))
                    .isInstanceOf(PassException.class)
                    .hasMessageContaining("0");
            return;
        }
        assertThat(
                        new FinerCut(graph, RemovalRule.of(RemovalOrder.SIMILARITY))
                                .rank(calibration(), 2)
                                .names())
                .as("%s", form)
                .hasSize(2);
        Set<SubLayerName> idle = Set.of(attention(1), feedForward(0));
        SubLayerRanking ranking = new FinerCut(Zeroed.of(graph, idle), rule).rank(calibration(), 3);
        assertThat(ranking.first(2)).as("%s", form).containsExactlyInAnyOrderElementsOf(idle);
        assertThat(ranking.steps().get(1).score()).as("%s", form).isLessThan(1e-12);
        assertThat(ranking.steps().get(2).score()).as("%s", form).isGreaterThan(1e-10);
    }

    static Stream<Arguments> builtForms() {
        return Stream.of(DecoderForm.values())
                .filter(DecoderForm::built)
                .flatMap(
                        form ->
                                Stream.of(Precision.INT8, Precision.INT4)
                                        .map(precision -> Arguments.of(form, precision)));
    }

    @ParameterizedTest
    @MethodSource("builtForms")
    void packedLaterHasTheBitsOfPackedAtOnce(DecoderForm form, Precision precision)
            throws IOException {
        OnnxModel floats = form.graph(directory, Precision.FP32);
        OnnxModel later = apply(floats, "quantise:weights=" + name(precision), null);
        assertThat(read(later, Effort.FULL))
                .isDeepEqualTo(read(form.graph(directory, precision), Effort.FULL));
    }

    private static String name(Precision precision) {
        return precision == Precision.INT8 ? "int8" : "int4";
    }

    @ParameterizedTest
    @MethodSource("forms")
    void fewRanksLessAreNear(Packed form) throws IOException {
        OnnxModel graph = form.graph(directory);
        String pass = "low-rank:parameters=0.9,dense=0";
        boolean possible =
                form.precision() == Precision.FP32 && !AtRest.SLICE.refused().contains(form.form());
        if (!possible) {
            assertRefused(
                    graph,
                    pass,
                    form.form() == DecoderForm.LFM2 ? "(?s).*found 0 layers.*" : WHERE);
            return;
        }
        assertThat(
                        Logits.difference(
                                read(apply(graph, pass, calibration()), Effort.FULL),
                                read(graph, Effort.FULL)))
                .as("%s", form)
                .isLessThan(form.form() == DecoderForm.GPT2 ? 0.2 : 2e-3);
    }

    private static Calibration calibration() {
        return new Calibration(List.of(TOKENS), RuntimeOptions.defaults());
    }

    private static void assertRefused(OnnxModel graph, String pass, String pattern) {
        assertThatThrownBy(() -> apply(graph, pass, calibration()))
                .as(pass)
                .isInstanceOf(PassException.class)
                .hasMessageMatching(pattern);
    }

    private static OnnxModel apply(OnnxModel graph, String pass, @Nullable Calibration text) {
        return new Pipeline(Passes.create(List.of(pass))).apply(graph, text, p -> {}).graph();
    }

    private static float[][] read(OnnxModel graph, Effort effort) {
        RuntimeOptions options = new RuntimeOptions(1, Spinning.OFF, 1, 1);
        try (DecoderModel model = DecoderModel.open(graph, DecoderForm.CONTEXT, options);
                DecoderSession session = model.newSession()) {
            List<float[]> rows = new ArrayList<>();
            for (int piece = 0; rows.size() < TOKENS.length; piece++) {
                int from = rows.size();
                int to = piece < PIECES.length ? PIECES[piece] : from + 1;
                var logits = session.forward(TOKENS, from, to, LogitRows.ALL, effort);
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
