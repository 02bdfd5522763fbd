package dev.slipstream.decode.draft.diffuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counts against sets of lists, from the printed formulas. */
class KneserNeyTest {
    private static final double D = KneserNey.DISCOUNT;

    /** Of all runs of three tokens seen. */
    private static final class Plain {
        final Map<List<Integer>, Integer> counts = new HashMap<>();
        final int vocabulary;

        Plain(int vocabulary, int[] text) {
            this.vocabulary = vocabulary;
            for (int i = 2; i < text.length; i++) {
                List<Integer> run = List.of(text[i - 2], text[i - 1], text[i]);
                if (run.stream().allMatch(token -> token >= 0 && token < vocabulary)) {
                    counts.merge(run, 1, Integer::sum);
                }
            }
        }

        Set<List<Integer>> pairs() {
            Set<List<Integer>> pairs = new HashSet<>();
            counts.keySet().forEach(run -> pairs.add(run.subList(1, 3)));
            return pairs;
        }

        double one(int w) {
            Set<List<Integer>> pairs = pairs();
            if (pairs.isEmpty()) {
                return 1.0 / vocabulary;
            }
            long own = pairs.stream().filter(pair -> pair.get(1) == w).count();
            long kinds = pairs.stream().map(pair -> pair.get(1)).distinct().count();
            return (Math.max(0, own - D) + D * kinds / vocabulary) / pairs.size();
        }

        double two(int v, int w) {
            long total = counts.keySet().stream().filter(run -> run.get(1) == v).count();
            if (total == 0) {
                return one(w);
            }
            long own =
                    counts.keySet().stream()
                            .filter(run -> run.get(1) == v && run.get(2) == w)
                            .count();
            long kinds = pairs().stream().filter(pair -> pair.get(0) == v).count();
            return (Math.max(0, own - D) + D * kinds * one(w)) / total;
        }

        double three(int u, int v, int w, double lower) {
            int total = 0;
            int kinds = 0;
            for (Map.Entry<List<Integer>, Integer> run : counts.entrySet()) {
                if (run.getKey().subList(0, 2).equals(List.of(u, v))) {
                    total += run.getValue();
                    kinds++;
                }
            }
            int own = counts.getOrDefault(List.of(u, v, w), 0);
            return total == 0 ? lower : (Math.max(0, own - D) + D * kinds * lower) / total;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void isWhatTheFormulasSay(long seed) {
        Random random = new Random(seed);
        int vocabulary = 2 + random.nextInt(8);
        int[] text = random.ints(random.nextInt(80), -1, vocabulary + 1).toArray();
        KneserNey counts = new KneserNey(vocabulary);
        int half = random.nextInt(text.length + 1);
        counts.add(text, 0, half);
        counts.add(text, half, text.length);
        Plain plain = new Plain(vocabulary, text);
        for (int w = 0; w < vocabulary; w++) {
            assertThat(counts.probability(new int[0], w)).isCloseTo(plain.one(w), within(1e-12));
            for (int v = 0; v < vocabulary; v++) {
                double two = plain.two(v, w);
                assertThat(counts.probability(new int[] {v}, w)).isCloseTo(two, within(1e-12));
                for (int u = 0; u < vocabulary; u++) {
                    int[] before = {7, u, v};
                    assertThat(counts.probability(before, w))
                            .isCloseTo(plain.three(u, v, w, two), within(1e-12));
                    assertThat(counts.probability(before, w, 0.3))
                            .isCloseTo(plain.three(u, v, w, 0.3), within(1e-12));
                }
            }
        }
    }

    @Test
    void isADistributionAfterAnything() {
        int vocabulary = 1000;
        Random random = new Random(6);
        KneserNey counts = new KneserNey(vocabulary);
        int[] text =
                IntStream.generate(() -> (int) (vocabulary * Math.pow(random.nextDouble(), 4)))
                        .limit(50_000)
                        .toArray();
        counts.add(text, 0, text.length);
        int[][] contexts = {
            {}, {0}, {999}, {0, 0}, {text[20], text[21]}, {999, 998}, {-1, 5}, {5, vocabulary}
        };
        for (int[] before : contexts) {
            double[] all =
                    IntStream.range(0, vocabulary)
                            .mapToDouble(token -> counts.probability(before, token))
                            .toArray();
            assertThat(Arrays.stream(all).sum()).isCloseTo(1, within(1e-9));
            assertThat(Arrays.stream(all).min().orElseThrow()).isPositive();
        }
        assertThat(counts.triples())
                .isEqualTo(
                        (int)
                                IntStream.range(2, text.length)
                                        .mapToObj(i -> List.of(text[i - 2], text[i - 1], text[i]))
                                        .distinct()
                                        .count());
    }

    @Test
    void theTextOfARequestCountsBeforeTheCorpus() {
        NgramProxy proxy = new NgramProxy(10);
        CausalProxy.Reader reader = proxy.open();
        int[] before = {1, 2};
        assertThat(reader.logProbability(before, 3)).isCloseTo(Math.log(0.1), within(1e-12));
        int[] text = {1, 2, 3, 4, 1, 2, 3};
        reader.extend(text, 0, 4);
        reader.extend(text, 4, 7);
        assertThat(reader.logProbability(before, 3)).isGreaterThan(Math.log(0.6));
        // Another request knows nothing of it.
        assertThat(proxy.open().logProbability(before, 3)).isCloseTo(Math.log(0.1), within(1e-12));
    }

    @Test
    void refusesVocabulariesThatItHasNoKeysFor() {
        assertThatThrownBy(() -> new NgramProxy(3_000_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 to 2097152, found 3000000");
    }
}
