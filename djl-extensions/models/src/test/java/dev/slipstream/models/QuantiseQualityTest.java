package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.models.HeldOutText.Part;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.PassReport;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What the pass {@code quantise} costs, by method and budget: prints the tables of
 * docs/quantise.md. Calibration texts and measured texts have nothing in common.
 */
@Tag("thorough")
class QuantiseQualityTest {
    private static final SlidingWindow WINDOW =
            new SlidingWindow(HeldOutText.WINDOW, HeldOutText.WINDOW);
    private static final int TABLE_TOKENS = 20_000;
    private static final int SEQUENCES = HeldOutText.scaled(4, 16, TABLE_TOKENS);
    private static final int STORIES = HeldOutText.scaled(8, 40, TABLE_TOKENS);
    private static final int LONGEST = 240;
    private static final String GPTQ = "quantise:weights=int4,method=gptq";
    private static final List<String> PASSES =
            List.of(
                    "quantise:weights=int8",
                    "quantise:weights=int4",
                    GPTQ,
                    "quantise:weights=int4,int8=embedding",
                    GPTQ + ",int8=embedding",
                    "quantise:weights=int4,int8-share=0.25",
                    GPTQ + ",int8-share=0.1",
                    GPTQ + ",int8-share=0.25",
                    GPTQ + ",int8-share=0.5",
                    "quantise:weights=int8,cache=int8");

    @Test
    void storytellerReadsBooksThatItWasNotTrainedOn() throws IOException {
        Map<String, Double> found;
        try (HeldOutText text = new HeldOutText("storyteller-7m")) {
            found =
                    table(
                            "storyteller-7m",
                            text,
                            List.of(text.test()),
                            text.calibration(Part.VALID, SEQUENCES, HeldOutText.WINDOW));
        }
        assertThat(found.get(GPTQ)).isLessThan(0.8 * found.get("quantise:weights=int4"));
    }

    @Test
    void babyLlamaReadsItsOwnStories() {
        Map<String, Double> found;
        try (HeldOutText text = new HeldOutText("babyllama105")) {
            List<int[]> calibrated =
                    text.stories(1 + STORIES, SEQUENCES, LONGEST).stream()
                            .map(text::begun)
                            .toList();
            found =
                    table(
                            "babyllama105",
                            text,
                            text.stories(1, STORIES, LONGEST),
                            new Calibration(calibrated, RuntimeOptions.defaults()));
        }
        double nearest = found.get("quantise:weights=int4");
        assertThat(found.get(GPTQ)).isLessThan(nearest);
        assertThat(found.get(GPTQ + ",int8=embedding")).isLessThan(0.5 * nearest);
    }

    /** Returns what each pass costs in nats a token. */
    private static Map<String, Double> table(
            String name, HeldOutText text, List<int[]> texts, Calibration calibration) {
        OnnxModel floats = text.graph();
        double exact = text.nats(floats, texts, WINDOW);
        StringBuilder table = new StringBuilder();
        table.append("\n| pass, on ").append(name);
        table.append(" | bytes of the weights | nats/token | beyond fp32 |\n|---|---|---|---|\n");
        row(table, "none (fp32)", floats, exact, exact);
        List<PassReport> reports = new ArrayList<>();
        Map<String, Double> found = new LinkedHashMap<>();
        for (String pass : PASSES) {
            Pipeline.Result result =
                    new Pipeline(Passes.create(List.of(pass)))
                            .apply(floats, calibration, applied -> {});
            double nats = text.nats(result.graph(), texts, WINDOW);
            found.put(pass, nats - exact);
            row(table, pass, result.graph(), nats, exact);
            reports.addAll(result.reports());
        }
        System.out.println(table);
        reports.get(PASSES.indexOf(GPTQ + ",int8-share=0.25")).lines().forEach(System.out::println);
        return found;
    }

    private static void row(
            StringBuilder table, String pass, OnnxModel graph, double nats, double exact) {
        table.append(
                String.format(
                        Locale.ROOT,
                        "| `%s` | %,d | %.4f | %+.4f |%n",
                        pass,
                        Anatomy.of(graph).bytes(),
                        nats,
                        nats - exact));
    }
}
