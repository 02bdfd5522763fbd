package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.pass.SkipRun.Knobs;
import dev.slipstream.pass.SkipRun.Outcome;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What FFN-SkipLLM must leave as it is, and where it must act. */
class FfnSkipTest {
    private static final int LAYERS = 8;

    @TempDir Path directory;

    private OnnxModel graph(RandomModel random, Precision precision) throws IOException {
        return SkippableModels.graph(random.write(directory), precision);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void withoutSkippingEveryBitIsThePlainModels(Precision precision) throws IOException {
        RandomModel random = SkippableModels.random(1, LAYERS);
        OnnxModel graph = graph(random, precision);
        try (SkipRun run = new SkipRun(SkippableModels.gated(graph, 1, 7), List.of())) {
            for (int length : new int[] {1, 2, 3, 8, 17, 40}) {
                int[] tokens = random.tokens(length);
                float[][] plain = SkipRun.plain(graph, tokens);
                for (Knobs knobs :
                        List.of(
                                new Knobs(1.01, 3, true),
                                new Knobs(-1, 0, true),
                                new Knobs(-1, 0, false))) {
                    Outcome outcome = run.run(tokens, knobs);
                    assertThat(outcome.logits()).as("%s %s", random, knobs).isDeepEqualTo(plain);
                    assertThat(outcome.skipped(length - 1)).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void skippingIsAModelWithoutTheseFeedForwards(Precision precision) throws IOException {
        RandomModel random = SkippableModels.random(2, LAYERS);
        OnnxModel graph = graph(random, precision);
        int[] tokens = random.tokens(21);
        List<String> keyValues = SkippableModels.keysAndValues(LAYERS);
        OnnxModel without = graph.copy();
        List<String> dropped = List.of("3", "4", "5");
        without.replaceNodes(
                node -> {
                    // The branch's last product becomes nothing: zero times it.
                    boolean last =
                            dropped.stream()
                                    .anyMatch(
                                            i ->
                                                    node.getOutputList()
                                                            .contains(
                                                                    "layers."
                                                                            + i
                                                                            + ".feed_forward.out"));
                    return List.of(
                            last
                                    ? node.toBuilder()
                                            .clear()
                                            .setOpType("Sub")
                                            .addInput(node.getInput(0).replace("gated", "norm"))
                                            .addInput(node.getInput(0).replace("gated", "norm"))
                                            .addOutput(node.getOutput(0))
                                            .build()
                                    : node);
                });
        try (SkipRun run = new SkipRun(SkippableModels.gated(graph, 2, 6), keyValues);
                SkipRun other = new SkipRun(SkippableModels.gated(without, 0, 2), keyValues)) {
            Outcome outcome = run.run(tokens, new Knobs(-1, 8, true));
            Outcome expected = other.run(tokens, Knobs.NEVER);
            assertThat(outcome.logits()).isDeepEqualTo(expected.logits());
            for (String name : keyValues) {
                assertThat(outcome.further().get(name)).isEqualTo(expected.further().get(name));
            }
            for (boolean[] layer : outcome.skipped()) {
                assertThat(layer).doesNotContain(false);
            }
        }
    }

    @Test
    void countsAndRearmingActAsWritten() throws IOException {
        RandomModel random = SkippableModels.random(3, LAYERS);
        OnnxModel gated = SkippableModels.gated(graph(random, Precision.FP32), 1, 8);
        int[] tokens = random.tokens(5);
        // Layers 2 to 7; each that is computed sets off skipping.
        try (SkipRun run = new SkipRun(gated, List.of())) {
            assertThat(mask(run, tokens, new Knobs(-1, 0, true))).isEqualTo("......");
            assertThat(mask(run, tokens, new Knobs(-1, 1, true))).isEqualTo("x.x.x.");
            assertThat(mask(run, tokens, new Knobs(-1, 2, true))).isEqualTo("xx.xx.");
            assertThat(mask(run, tokens, new Knobs(-1, 4, true))).isEqualTo("xxxx.x");
            assertThat(mask(run, tokens, new Knobs(-1, 1, false))).isEqualTo("x.....");
            assertThat(mask(run, tokens, new Knobs(-1, 4, false))).isEqualTo("xxxx..");
            assertThat(mask(run, tokens, new Knobs(-1, 6, true))).isEqualTo("xxxxxx");
            assertThat(mask(run, tokens, new Knobs(-1, 1 << 24, false))).isEqualTo("xxxxxx");
        }
    }

    private static String mask(SkipRun run, int[] tokens, Knobs knobs) {
        Outcome outcome = run.run(tokens, knobs);
        StringBuilder mask = new StringBuilder();
        for (boolean[] layer : outcome.skipped()) {
            mask.append(layer[0] ? 'x' : '.');
            for (boolean skipped : layer) {
                assertThat(skipped).isEqualTo(layer[0]);
            }
        }
        return mask.toString();
    }

    @Test
    void theProfilerFindsAPlantedRegionAndSkippingStartsThereAlone() throws IOException {
        RandomModel random = SkippableModels.random(4, 10);
        // Layers 2 to 6 turn the stream less and less, the others a lot.
        OnnxModel graph =
                SkippableModels.scaled(
                        graph(random, Precision.FP32),
                        10,
                        i -> i >= 2 && i < 7 ? 0.2 / (i - 1) : 3);
        int[] tokens = random.tokens(64);
        Calibration calibration = new Calibration(List.of(tokens), RuntimeOptions.defaults());
        SaturationProfile profile = SaturationProfile.measure(graph, calibration);
        assertThat(profile.region(40)).isEqualTo(new SkipRegion(2, 7));
        for (int i = 2; i < 6; i++) {
            assertThat(profile.cosines().get(i + 1)).isGreaterThan(profile.cosines().get(i));
        }
        Pass pass = Passes.create(PassSpec.parse("ffn-skip:share=0.2,warm-up=8"));
        Pipeline.Result result =
                new Pipeline(List.of(pass)).apply(graph, calibration, applied -> {});
        GateNotes.Skips skips = GateNotes.read(result.graph().metadata()).skips();
        assertThat(skips).isNotNull();
        assertThat(skips.layers()).containsExactly(3, 4, 5, 6);
        assertThat(skips.warmUp()).isEqualTo(8);
        assertThat((double) result.reports().get(0).facts().get("share")).isBetween(0.18, 0.22);
        // Over the whole model the planted layers set it off, and no other.
        double between = (profile.cosines().get(2) + highestCold(profile)) / 2;
        try (SkipRun run = new SkipRun(SkippableModels.gated(graph, 0, 10), List.of())) {
            assertThat(mask(run, tokens, new Knobs(between, 1, true))).isEqualTo("..x.x.x..");
        }
    }

    private static double highestCold(SaturationProfile profile) {
        double highest = -1;
        for (int i : new int[] {0, 1, 7, 8, 9}) {
            highest = Math.max(highest, profile.cosines().get(i));
        }
        return highest;
    }

    @Test
    void shallowModelsAreLeftAlone() throws IOException {
        RandomModel random = SkippableModels.random(5, 4);
        OnnxModel graph = SkippableModels.scaled(graph(random, Precision.FP32), 4, i -> 3);
        Calibration calibration =
                new Calibration(List.of(random.tokens(40)), RuntimeOptions.defaults());
        assertThat(SaturationProfile.measure(graph, calibration).region(40)).isNull();
        assertThatThrownBy(
                        () -> Passes.create(PassSpec.parse("ffn-skip")).apply(graph, calibration))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("nothing should be skipped")
                .hasMessageContaining("cosines [");
    }

    @Test
    void tokensOfWhichFeedForwardsMakeMuchAreNotSkipped() throws IOException {
        RandomModel random = SkippableModels.random(6, LAYERS);
        // A norm hides the length of the stream: the longer it is, the less a feed-forward turns.
        OnnxModel graph =
                SkippableModels.embedding(
                        graph(random, Precision.FP32), token -> token % 2 == 0 ? 100 : 1);
        int[] tokens = random.tokens(40);
        try (SkipRun run = new SkipRun(SkippableModels.gated(graph, 1, 7), List.of())) {
            Outcome outcome = run.run(tokens, new Knobs(0.995, 8, true));
            for (int t = 0; t < tokens.length; t++) {
                assertThat(outcome.skipped(t))
                        .as("token %d", tokens[t])
                        .isEqualTo(tokens[t] % 2 == 0 ? 5 : 0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aRowIsTheSameWhateverTheOthersDo(Precision precision) throws IOException {
        RandomModel random = SkippableModels.random(8, LAYERS);
        int[] tokens = random.tokens(24);
        OnnxModel gated = SkippableModels.gated(graph(random, precision), 1, 7);
        Knobs own = new Knobs(0.85, 2, true);
        try (SkipRun run = new SkipRun(gated, List.of())) {
            // Even lengths: of an odd one the attention's last row has other bits in any graph.
            for (int length : new int[] {2, 6, 12}) {
                Outcome alone = run.run(Arrays.copyOf(tokens, length), own);
                for (Knobs others :
                        List.of(own, Knobs.NEVER, new Knobs(-1, 8, true), new Knobs(-1, 1, true))) {
                    Outcome among = run.run(tokens, t -> t < length ? own : others);
                    for (int t = 0; t < length; t++) {
                        assertThat(among.logits()[t]).isEqualTo(alone.logits()[t]);
                        for (int i = 0; i < alone.skipped().length; i++) {
                            assertThat(among.skipped()[i][t]).isEqualTo(alone.skipped()[i][t]);
                        }
                    }
                }
            }
        }
    }

    @Test
    void weightsStayOutsideAndOnce() throws IOException {
        OnnxModel graph = graph(SkippableModels.random(9, LAYERS), Precision.INT4);
        OnnxModel gated = SkippableModels.gated(graph, 1, 7);
        List<String> more = new ArrayList<>(gated.initializers().keySet());
        more.removeAll(graph.initializers().keySet());
        assertThat(more).allMatch(name -> name.startsWith("skip."));
        assertThat(gated.initializers()).containsAllEntriesOf(graph.initializers());
        assertThat(gated.nodes()).noneMatch(node -> node.getOpType().equals("If"));
        // Of some 2 us each for a single token, where the native operators are not there.
        int gates = gated.nodes().size() - graph.nodes().size();
        OnnxModel longer = SkippableModels.gated(graph, 1, 8);
        assertThat(longer.nodes().size() - graph.nodes().size() - gates).isEqualTo(14);
    }

    @Test
    void refusesWhatItCannotDo() throws IOException {
        RandomModel random = SkippableModels.random(10, LAYERS);
        OnnxModel graph = graph(random, Precision.FP32);
        assertRefused(graph, "ffn-skip", "expected a calibration text, or cold-start");
        String all = "ffn-skip:cold-start=%d,cold-end=%d,threshold=0.9,count=2";
        assertRefused(graph, all.formatted(3, 4), "found cold-start 3, cold-end 4");
        assertRefused(graph, all.formatted(3, 9), "cold-end <= 8");
        OnnxModel gated = SkippableModels.gated(graph, 1, 7);
        assertRefused(gated, all.formatted(1, 7), "has the pass already");
        assertThatThrownBy(() -> SkippableModels.gated(gated, 1, 7))
                .hasMessageContaining("begin with the original model");
        OnnxModel used = graph.copy();
        used.outputs()
                .add(
                        used.outputs().get(0).toBuilder()
                                .setName("layers.3.feed_forward.gated")
                                .build());
        assertRefused(used, all.formatted(1, 7), "feed-forward.3", "is used outside of it");
        OnnxModel old = graph.copy();
        old.opsets().put("", 12);
        assertRefused(old, all.formatted(1, 7), "operator set 13 or newer, found 12");
        Path merged = directory.resolve("merged.onnx");
        ExportedDecoder.write(directory, merged, EnumSet.of(ExportedDecoder.Variant.MERGED));
        assertRefused(OnnxModel.read(merged), all.formatted(1, 7), "feed-forward.1", "merged");
        Calibration little = new Calibration(List.of(random.tokens(20)), RuntimeOptions.defaults());
        assertThatThrownBy(
                        () ->
                                Passes.create(PassSpec.parse("ffn-skip:cold-start=1,cold-end=4"))
                                        .apply(graph, little))
                .hasMessageContaining("27 or more tokens, for 25 are the warm-up, found 20");
    }

    private static void assertRefused(OnnxModel graph, String spec, String... said) {
        assertThatThrownBy(() -> Passes.create(PassSpec.parse(spec)).apply(graph, null))
                .isInstanceOf(PassException.class)
                .hasMessageContainingAll(said);
    }

    @Test
    void notesTheKnobs() throws IOException {
        OnnxModel graph = graph(SkippableModels.random(11, LAYERS), Precision.FP32);
        Pass pass =
                Passes.create(
                        PassSpec.parse(
                                "ffn-skip:cold-start=1,cold-end=4,threshold=0.97,count=3,rearm=false,warm-up=7"));
        GateNotes notes = GateNotes.read(pass.apply(graph, null).graph().metadata());
        assertThat(notes.skips())
                .isEqualTo(
                        new GateNotes.Skips(List.of(2, 3), new Effort.Skipping(0.97, 3, false), 7));
    }
}
