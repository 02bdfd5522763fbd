package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.models.HeldOutText.Part;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.FinerCut;
import dev.slipstream.pass.OutputDistance;
import dev.slipstream.pass.Removal;
import dev.slipstream.pass.RemovalOrder;
import dev.slipstream.pass.RemovalRule;
import dev.slipstream.pass.SubLayerRanking;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What removed sub-layers cost: perplexity on text that was not looked at when they were chosen, by
 * the method and by what it has to beat, at equal numbers. Prints the tables of docs/finercut.md.
 */
@Tag("thorough")
class FinerCutQualityTest {
    private static final int LENGTH = 128;
    private static final SlidingWindow WINDOW = SlidingWindow.halfOverlapping(HeldOutText.WINDOW);
    private static final int TABLE_TOKENS = 4096;
    private static final int SEQUENCES = HeldOutText.scaled(2, 6, TABLE_TOKENS);
    private static final int SEEDS = HeldOutText.scaled(2, 3, TABLE_TOKENS);

    @ParameterizedTest
    @CsvSource({"storyteller-7m, 8", "babyllama105, 6"})
    void theMethodIsNotWorseThanWhatItHasToBeat(String name, int most) throws IOException {
        try (HeldOutText text = new HeldOutText(name)) {
            OnnxModel graph = text.graph();
            Calibration seen = text.calibration(Part.VALID, SEQUENCES, LENGTH);
            Measurement measurement = new Measurement(text, text.test());
            double whole = measurement.perplexity(graph);
            System.out.printf(
                    Locale.ROOT,
                    "%n%s: %d tokens of text-children/test.txt.gz, perplexity %.3f whole%n",
                    name,
                    measurement.tokens.length,
                    whole);
            Map<String, double[]> table = new LinkedHashMap<>();
            for (Map.Entry<String, RemovalRule> rule : rules().entrySet()) {
                SubLayerRanking ranking = new FinerCut(graph, rule.getValue()).rank(seen, most);
                System.out.println(rule.getKey() + ": " + ranking.names());
                double[] row = new double[most / 2];
                for (int i = 0; i < row.length; i++) {
                    row[i] = measurement.without(graph, ranking, 2 * (i + 1));
                }
                table.put(rule.getKey(), row);
            }
            double[] random = new double[most / 2];
            for (int seed = 1; seed <= SEEDS; seed++) {
                RemovalRule rule = RemovalRule.of(RemovalOrder.RANDOM).withSeed(seed);
                SubLayerRanking ranking = new FinerCut(graph, rule).rank(null, most);
                for (int i = 0; i < random.length; i++) {
                    random[i] += Math.log(measurement.without(graph, ranking, 2 * (i + 1))) / SEEDS;
                }
            }
            table.put(
                    "random (geometric mean of %d)".formatted(SEEDS),
                    Arrays.stream(random).map(Math::exp).toArray());
            print(table, most);
            double[] greedy = table.get("finercut");
            assertThat(greedy[0]).isLessThan(table.get("last")[0]);
            assertThat(greedy[1]).isLessThan(Math.exp(random[1]));
        }
    }

    private static Map<String, RemovalRule> rules() {
        RemovalRule greedy = RemovalRule.of(RemovalOrder.GREEDY);
        Map<String, RemovalRule> rules = new LinkedHashMap<>();
        rules.put("finercut", greedy);
        rules.put("finercut, protect-front=0.4", greedy.withProtectFront(0.4));
        rules.put("finercut, metric=angular", greedy.withDistance(OutputDistance.ANGULAR));
        rules.put("finercut, metric=norm", greedy.withDistance(OutputDistance.NORM));
        rules.put("one-shot", RemovalRule.of(RemovalOrder.ONE_SHOT));
        rules.put("similarity (whole layers)", RemovalRule.of(RemovalOrder.SIMILARITY));
        rules.put("last", RemovalRule.of(RemovalOrder.LAST));
        return rules;
    }

    private static void print(Map<String, double[]> table, int most) {
        StringBuilder head = new StringBuilder("| removed sub-layers |");
        StringBuilder line = new StringBuilder("|---|");
        for (int i = 2; i <= most; i += 2) {
            head.append(" ").append(i).append(" |");
            line.append("---|");
        }
        System.out.println(head);
        System.out.println(line);
        table.forEach(
                (rule, row) -> {
                    StringBuilder text = new StringBuilder("| " + rule + " |");
                    for (double perplexity : row) {
                        text.append(String.format(Locale.ROOT, " %.2f |", perplexity));
                    }
                    System.out.println(text);
                });
    }

    /** Measures models on one text. */
    private static final class Measurement {
        private final HeldOutText text;
        private final int[] tokens;
        private final Map<List<?>, Double> known = new LinkedHashMap<>();

        Measurement(HeldOutText text, int[] tokens) {
            this.text = text;
            this.tokens = tokens;
        }

        double without(OnnxModel graph, SubLayerRanking ranking, int count) {
            List<?> key = ranking.first(count).stream().sorted().toList();
            Double before = known.get(key);
            if (before == null) {
                OnnxModel less = Removal.of(graph, ranking.first(count));
                less.removeUnused();
                before = perplexity(less);
                known.put(key, before);
            }
            return before;
        }

        double perplexity(OnnxModel graph) {
            return Math.exp(text.nats(graph, List.of(tokens), WINDOW));
        }
    }
}
