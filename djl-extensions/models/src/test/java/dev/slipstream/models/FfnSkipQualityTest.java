package dev.slipstream.models;

import static dev.slipstream.graph.SubLayer.Kind.ATTENTION;
import static dev.slipstream.graph.SubLayer.Kind.FEED_FORWARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.models.HeldOutText.Part;
import dev.slipstream.models.SkippedReading.Loss;
import dev.slipstream.models.SkippedReading.Policy;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.PassReport;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.runtime.GateNotes;
import dev.slipstream.runtime.GraphProbe;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What skipped feed-forwards cost in perplexity, against skipping as many at random, by a fixed
 * list, and with their attention. Everything is chosen on other text than it is judged by. The
 * tables are those of docs/ffn-skip.md.
 */
@Tag("thorough")
class FfnSkipQualityTest {
    private static final int WINDOW = HeldOutText.WINDOW;
    private static final int TABLE_TOKENS = 48 * WINDOW;
    private static final int WARM_UP = 25;
    private static final int CALIBRATED = HeldOutText.scaled(4, 12, TABLE_TOKENS);
    private static final int JUDGED = HeldOutText.scaled(4, 48, TABLE_TOKENS);

    @Test
    void storytellerOnBooks() throws IOException {
        table("storyteller-7m", books("storyteller-7m"), "");
    }

    @Test
    void storytellerOnBooksInAWiderRegion() throws IOException {
        table("storyteller-7m", books("storyteller-7m"), "cold-start=1,cold-end=8,");
    }

    /** Its five layers have no saturated region, and the pass says so; here it is made to. */
    @Test
    void babyLlamaOnBooks() throws IOException {
        Texts texts = books("babyllama105");
        OnnxModel graph = Models.graph("babyllama105", LoadOptions.defaults());
        assertThatThrownBy(
                        () ->
                                Passes.create(List.of("ffn-skip"))
                                        .get(0)
                                        .apply(graph, texts.calibration()))
                .hasMessageContaining("nothing should be skipped");
        table("babyllama105", texts, "cold-start=0,cold-end=5,");
    }

    @Test
    void babyLlamaOnItsOwnStories() {
        table("babyllama105", stories("babyllama105"), "cold-start=0,cold-end=5,");
    }

    private record Texts(String name, Calibration calibration, List<int[]> judged) {}

    private static void table(String name, Texts texts, String knobs) {
        OnnxModel graph = Models.graph(name, LoadOptions.defaults().withPrecision(Precision.FP32));
        int layers = Anatomy.of(graph).layers().size();
        SkippedReading judged = new SkippedReading(texts.judged(), WARM_UP);
        SkippedReading calibrated = new SkippedReading(texts.calibration().sequences(), WARM_UP);
        List<Integer> byInfluence = byInfluence(graph, texts.calibration());
        System.out.printf(
                "%n%s, %s, %s %d windows of %d tokens, warm-up %d%n%n",
                name, texts.name(), knobs, texts.judged().size(), WINDOW, WARM_UP);
        System.out.println(
                "| skipped of %d | threshold, count | adaptive | random | behind by (nats) | tokens exchanged | behind by (nats) | fixed: saturated | fixed: least loss | behind by (nats) | whole layers |"
                        .formatted(layers));
        System.out.println("|---|---|---|---|---|---|---|---|---|---|---|");
        try (GraphProbe masked = SkippedReading.open(MaskedDecoder.of(graph), List.of("logits"))) {
            Loss full = judged.listed(masked, layers, List.of(), random -> List.of());
            List<Integer> greedy = new ArrayList<>();
            for (int wanted = 1; wanted <= layers * 3 / 8; wanted++) {
                String spec =
                        String.format(
                                Locale.ROOT,
                                "ffn-skip:%sshare=%.4f,warm-up=%d",
                                knobs,
                                (double) wanted / layers,
                                WARM_UP);
                Pipeline.Result result =
                        new Pipeline(Passes.create(List.of(spec)))
                                .apply(graph, texts.calibration(), pass -> {});
                GateNotes.Skips skips =
                        Objects.requireNonNull(GateNotes.read(result.graph().metadata()).skips());
                PassReport report = result.reports().get(0);
                List<Integer> region = region(report);
                Loss adaptive = judged.adaptive(result.graph(), skips);
                double mean = adaptive.skipped();
                while (greedy.size() < Math.ceil(mean) && greedy.size() < region.size()) {
                    greedy.add(next(calibrated, masked, layers, region, greedy));
                }
                List<SubLayer.Kind> feedForward = List.of(FEED_FORWARD);
                Policy random = SkippedReading.any(region, mean);
                Policy saturated = SkippedReading.first(bySaturation(report, region), mean);
                Policy least = SkippedReading.first(greedy, mean);
                Policy whole = SkippedReading.first(byInfluence, mean);
                Loss byChance = judged.listed(masked, layers, feedForward, random);
                Loss byList = judged.listed(masked, layers, feedForward, least);
                double[] overChance = adaptive.lead(byChance);
                Loss exchanged =
                        judged.listed(
                                masked, layers, feedForward, SkippedReading.exchanged(adaptive));
                double[] overExchanged = adaptive.lead(exchanged);
                double[] overList = adaptive.lead(byList);
                System.out.printf(
                        Locale.ROOT,
                        "| %.2f | %.4f, %d | %.2f | %.2f | %+.4f ± %.4f | %.2f | %+.4f ± %.4f | %.2f | %.2f | %+.4f ± %.4f | %.2f |%n",
                        mean,
                        skips.usual().threshold(),
                        skips.usual().count(),
                        adaptive.perplexity(),
                        byChance.perplexity(),
                        overChance[0],
                        overChance[1],
                        exchanged.perplexity(),
                        overExchanged[0],
                        overExchanged[1],
                        judged.listed(masked, layers, feedForward, saturated).perplexity(),
                        byList.perplexity(),
                        overList[0],
                        overList[1],
                        judged.listed(masked, layers, List.of(ATTENTION, FEED_FORWARD), whole)
                                .perplexity());
                // Little skipped costs too little for few windows to show.
                if (mean > 0.15 * layers) {
                    assertThat(adaptive.natsPerToken()).isGreaterThan(full.natsPerToken());
                }
            }
            System.out.printf(Locale.ROOT, "%nFull model: %.2f%n", full.perplexity());
        }
    }

    private static List<Integer> region(PassReport report) {
        List<Integer> region = new ArrayList<>();
        int end = (int) report.facts().get("cold-end");
        for (int i = (int) report.facts().get("cold-start"); i < end; i++) {
            region.add(i);
        }
        return region;
    }

    private static List<Integer> bySaturation(PassReport report, List<Integer> region) {
        List<?> cosines = (List<?>) report.facts().get("cosines");
        return region.stream()
                .sorted(Comparator.comparing(layer -> -(Double) cosines.get(layer)))
                .toList();
    }

    /** Of the region, the feed-forward whose loss hurts least beside those that are gone. */
    private static int next(
            SkippedReading reading,
            GraphProbe masked,
            int layers,
            List<Integer> region,
            List<Integer> gone) {
        int best = -1;
        double least = Double.POSITIVE_INFINITY;
        for (int layer : region) {
            if (!gone.contains(layer)) {
                List<Integer> list = new ArrayList<>(gone);
                list.add(layer);
                double nats =
                        reading.listed(masked, layers, List.of(FEED_FORWARD), random -> list)
                                .natsPerToken();
                if (nats < least) {
                    least = nats;
                    best = layer;
                }
            }
        }
        return best;
    }

    /** Whole layers, those first that turn the stream least (ShortGPT), the first layer never. */
    private static List<Integer> byInfluence(OnnxModel graph, Calibration calibration) {
        List<Layer> layers = Anatomy.of(graph).layers();
        int last = layers.size() - 1;
        List<String> values = new ArrayList<>();
        for (Layer layer : layers) {
            values.add(layer.subLayers().get(0).input());
        }
        double[] cosines = new double[last];
        try (GraphProbe probe = SkippedReading.open(graph, values)) {
            for (int[] sequence : calibration.sequences()) {
                probe.run(
                        sequence,
                        Map.of(),
                        shown -> {
                            for (int i = 0; i < last; i++) {
                                cosines[i] +=
                                        cosines(
                                                shown.get(values.get(i)),
                                                shown.get(values.get(i + 1)));
                            }
                            return cosines;
                        });
            }
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 1; i < last; i++) {
            order.add(i);
        }
        order.sort(Comparator.comparing(i -> -cosines[i]));
        return order;
    }

    private static double cosines(GraphProbe.Value before, GraphProbe.Value behind) {
        FloatBuffer u = before.floats();
        FloatBuffer h = behind.floats();
        int hidden = Math.toIntExact(before.shape().get(2));
        double sum = 0;
        for (int at = 0; at < u.remaining(); at += hidden) {
            double dot = 0;
            double uu = 0;
            double hh = 0;
            for (int i = at; i < at + hidden; i++) {
                dot += u.get(i) * h.get(i);
                uu += u.get(i) * u.get(i);
                hh += h.get(i) * h.get(i);
            }
            sum += dot / Math.sqrt(uu * hh);
        }
        return sum;
    }

    private static Texts books(String name) throws IOException {
        try (HeldOutText text = new HeldOutText(name)) {
            return new Texts(
                    "books that it was not trained on",
                    text.calibration(Part.VALID, CALIBRATED, WINDOW),
                    text.calibration(Part.TEST, JUDGED, WINDOW).sequences());
        }
    }

    private static Texts stories(String name) {
        try (HeldOutText text = new HeldOutText(name)) {
            List<int[]> stories = new ArrayList<>();
            for (long seed = 1; stories.size() < CALIBRATED + JUDGED; seed++) {
                int[] story = text.begun(text.stories(seed, 1, WINDOW - 1).get(0));
                if (story.length > 2 * WARM_UP) {
                    stories.add(story);
                }
            }
            return new Texts(
                    "stories drawn from it",
                    new Calibration(stories.subList(0, CALIBRATED), RuntimeOptions.defaults()),
                    stories.subList(CALIBRATED, stories.size()));
        }
    }
}
