package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.evaluate.SentencePair;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.FinerCut;
import dev.slipstream.pass.RemovalOrder;
import dev.slipstream.pass.RemovalRule;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What MiniLM and BGE lose as sub-layers go, by FinerCut and by its baselines at equal count. The
 * calibration sentences are of the benchmark's training part, the judgement of its test part.
 */
@Tag("thorough")
class EncoderFinerCutTest {
    private static final int DEFAULT_PAIRS = 100;
    private static final int PAIRS = Integer.getInteger("slipstream.pairs", DEFAULT_PAIRS);
    private static final int SENTENCES = PAIRS > DEFAULT_PAIRS ? 64 : 16;
    private static final int DRAWS = PAIRS > DEFAULT_PAIRS ? 3 : 1;
    private static final int ROUNDS = 3;

    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource({"MINILM, 6", "BGE, 6"})
    void losesLessThanItsBaselines(RealEncoders encoder, int most) throws IOException {
        try (EncoderTrial trial = new EncoderTrial(encoder.in(folder), encoder.pooling, judged())) {
            Calibration calibration = calibration(trial);
            Map<String, List<SubLayerName>> orders = new LinkedHashMap<>();
            for (RemovalOrder order : RemovalOrder.values()) {
                for (int seed = 1; seed <= (order == RemovalOrder.RANDOM ? DRAWS : 1); seed++) {
                    RemovalRule rule =
                            RemovalRule.of(order).withSeed(seed).withPooling(encoder.pooling);
                    FinerCut cut = new FinerCut(trial.graph(), rule);
                    orders.put(order + " " + seed, cut.rank(calibration, most).names());
                }
            }
            orders.forEach(
                    (order, names) -> System.out.printf("%s, %s: %s%n", encoder, order, names));
            double whole = trial.spearman();
            System.out.printf("%s: whole %.4f%n", encoder, whole);
            for (int count = 1; count <= most; count++) {
                Map<String, Double> found = new LinkedHashMap<>();
                for (Map.Entry<String, List<SubLayerName>> order : orders.entrySet()) {
                    found.put(order.getKey(), trial.spearman(order.getValue().subList(0, count)));
                }
                List<SubLayerName> removed = orders.get("GREEDY 1").subList(0, count);
                double ratio = trial.speed(removed, ROUNDS);
                System.out.printf(
                        "%s: %d gone, %.2f times the sentences a second, Spearman %s%n",
                        encoder, count, ratio, found);
                double random =
                        found.entrySet().stream()
                                .filter(entry -> entry.getKey().startsWith("RANDOM"))
                                .mapToDouble(Map.Entry::getValue)
                                .average()
                                .orElseThrow();
                if (count == trial.quarter()) {
                    assertThat(found.get("GREEDY 1")).isGreaterThan(random);
                    assertThat(found.get("GREEDY 1")).isGreaterThan(0.97 * whole);
                }
            }
        }
    }

    /** Returns pairs spread over the test part; all if there are not so many. */
    private static List<SentencePair> judged() throws IOException {
        List<SentencePair> all = RealEncoders.pairs("test");
        int count = Math.min(PAIRS, all.size());
        return IntStream.range(0, count).mapToObj(i -> all.get(i * all.size() / count)).toList();
    }

    private static Calibration calibration(EncoderTrial trial) throws IOException {
        List<SentencePair> pairs = RealEncoders.pairs("train");
        List<int[]> sequences = new ArrayList<>();
        for (int i = 0; i < SENTENCES; i++) {
            SentencePair pair = pairs.get(i * pairs.size() / SENTENCES);
            sequences.add(trial.original().tokens(pair.first()));
        }
        return new Calibration(sequences, new RuntimeOptions(1, Spinning.OFF, 0));
    }
}
