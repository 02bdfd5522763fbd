package dev.slipstream.decode.draft.diffuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Proof 4, second half: the search against trying every path. */
class PathSearchTest {
    private static final int VOCABULARY = 7;
    private static final int END = 6;
    private static final int ALL_PATHS = 4000;

    /** Random log-probabilities after the last two tokens. */
    private record Table(double[][][] values) implements CausalProxy, CausalProxy.Reader {
        static Table random(Random random) {
            double[][][] values = new double[VOCABULARY + 1][VOCABULARY + 1][VOCABULARY];
            for (double[][] plane : values) {
                for (double[] row : plane) {
                    Arrays.setAll(row, i -> -6 * random.nextDouble());
                }
            }
            return new Table(values);
        }

        @Override
        public int context() {
            return 2;
        }

        @Override
        public Reader open() {
            return this;
        }

        @Override
        public void extend(int[] text, int from, int to) {}

        @Override
        public double logProbability(int[] before, int token) {
            int last = before.length < 1 ? VOCABULARY : before[before.length - 1];
            int second = before.length < 2 ? VOCABULARY : before[before.length - 2];
            return values[second][last][token];
        }
    }

    private static Candidates place(Random random) {
        int count = 1 + random.nextInt(4);
        List<Integer> tokens = new ArrayList<>();
        for (int i = 0; i < VOCABULARY; i++) {
            tokens.add(i);
        }
        Collections.shuffle(tokens, random);
        double[] values = random.doubles(count, -6, 0).sorted().toArray();
        double[] falling = new double[count];
        Arrays.setAll(falling, i -> values[count - 1 - i]);
        return new Candidates(
                tokens.subList(0, count).stream().mapToInt(Integer::intValue).toArray(),
                falling,
                count);
    }

    private static List<Candidates> places(Random random) {
        List<Candidates> places = new ArrayList<>();
        int depth = 1 + random.nextInt(5);
        while (places.size() < depth) {
            places.add(place(random));
        }
        return places;
    }

    /** The best score of all paths that a beginning leads to. */
    private static double best(
            List<Candidates> places,
            List<Integer> text,
            int length,
            double sum,
            Table table,
            PathSearch search,
            Set<Integer> ends) {
        boolean finished = length > 0 && ends.contains(text.get(text.size() - 1));
        if (finished || length == places.size()) {
            return search.score() == PathScore.SUM ? sum : sum / length;
        }
        Candidates place = places.get(length);
        double best = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < place.count(); i++) {
            List<Integer> longer = new ArrayList<>(text);
            int token = place.tokens()[i];
            longer.add(token);
            int size = text.size();
            int second = size < 2 ? VOCABULARY : text.get(size - 2);
            int last = size < 1 ? VOCABULARY : text.get(size - 1);
            double weight = search.proxyWeight();
            double own =
                    (1 - weight) * place.logProbabilities()[i]
                            + weight * table.values[second][last][token];
            best = Math.max(best, best(places, longer, length + 1, sum + own, table, search, ends));
        }
        return best;
    }

    private static PathSearch.Path search(
            PathSearch search,
            List<Candidates> places,
            int[] text,
            Table table,
            Set<Integer> ends) {
        return search.best(new Lattice(places, 0), text, table.context(), table, ends);
    }

    private static double score(PathSearch search, PathSearch.Path path) {
        return search.score() == PathScore.SUM ? path.sum() : path.sum() / path.tokens().length;
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void withABeamOfAllPathsItFindsTheBest(long seed) {
        Random random = new Random(seed);
        for (int trial = 0; trial < 100; trial++) {
            List<Candidates> places = places(random);
            Table table = Table.random(random);
            int[] text = random.ints(random.nextInt(4), 0, VOCABULARY).toArray();
            List<Integer> before = Arrays.stream(text).boxed().toList();
            Set<Integer> ends = trial % 2 == 0 ? Set.of(END) : Set.of();
            double weight = trial % 5 / 4.0;
            for (PathScore score : PathScore.values()) {
                PathSearch all = new PathSearch(ALL_PATHS, weight, score);
                PathSearch.Path path = search(all, places, text, table, ends);
                double expected = best(places, before, 0, 0, table, all, ends);
                assertThat(score(all, path)).isCloseTo(expected, within(1e-9));
                for (int beam = 1; beam < 5; beam++) {
                    PathSearch some = new PathSearch(beam, weight, score);
                    assertThat(score(some, search(some, places, text, table, ends)))
                            .isLessThanOrEqualTo(expected + 1e-9);
                }
            }
        }
    }

    @Test
    void withoutAProxyItTakesTheLikeliestOfEachPlace() {
        Random random = new Random(20);
        for (int trial = 0; trial < 100; trial++) {
            List<Candidates> places = places(random);
            PathSearch search = new PathSearch(1 + random.nextInt(4), 0, PathScore.SUM);
            PathSearch.Path path =
                    search(search, places, new int[] {1}, Table.random(random), Set.of());
            assertThat(path.tokens())
                    .isEqualTo(places.stream().mapToInt(place -> place.tokens()[0]).toArray());
            assertThat(path.logProbabilities())
                    .isEqualTo(
                            places.stream()
                                    .mapToDouble(place -> place.logProbabilities()[0])
                                    .toArray());
        }
    }

    /** The best path of the proxy alone, by Viterbi's recursion over pairs of tokens. */
    @Test
    void withTheProxyAloneItFindsTheBestPathOfTheProxy() {
        Random random = new Random(21);
        for (int trial = 0; trial < 100; trial++) {
            List<Candidates> places = places(random);
            Table table = Table.random(random);
            double[][] ends = new double[VOCABULARY][VOCABULARY];
            for (double[] row : ends) {
                Arrays.fill(row, Double.NEGATIVE_INFINITY);
            }
            ends[2][3] = 0;
            for (Candidates place : places) {
                double[][] next = new double[VOCABULARY][VOCABULARY];
                for (double[] row : next) {
                    Arrays.fill(row, Double.NEGATIVE_INFINITY);
                }
                for (int u = 0; u < VOCABULARY; u++) {
                    for (int v = 0; v < VOCABULARY; v++) {
                        for (int w : place.tokens()) {
                            next[v][w] = Math.max(next[v][w], ends[u][v] + table.values[u][v][w]);
                        }
                    }
                }
                ends = next;
            }
            double best = Arrays.stream(ends).flatMapToDouble(Arrays::stream).max().orElseThrow();
            PathSearch search = new PathSearch(ALL_PATHS, 1, PathScore.SUM);
            assertThat(search(search, places, new int[] {2, 3}, table, Set.of()).sum())
                    .isCloseTo(best, within(1e-9));
        }
    }

    /** Each further token lowers a sum: an end token that nobody expects would win at once. */
    @Test
    void byTheirMeanLongPathsStandAgainstOnesThatEnd() {
        Candidates place = new Candidates(new int[] {1, END}, new double[] {-0.5, -4}, 1);
        List<Candidates> places = Collections.nCopies(12, place);
        Table table = Table.random(new Random(22));
        int[] bySum =
                search(new PathSearch(3, 0, PathScore.SUM), places, new int[0], table, Set.of(END))
                        .tokens();
        int[] byMean =
                search(new PathSearch(3, 0, PathScore.MEAN), places, new int[0], table, Set.of(END))
                        .tokens();
        assertThat(bySum).containsExactly(END);
        assertThat(byMean).hasSize(12).containsOnly(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.NEGATIVE_INFINITY, 0.1})
    void refusesAProxyWithoutProbabilities(double value) {
        CausalProxy.Reader wrong =
                new CausalProxy.Reader() {
                    @Override
                    public void extend(int[] text, int from, int to) {}

                    @Override
                    public double logProbability(int[] before, int token) {
                        return value;
                    }
                };
        Lattice lattice = new Lattice(List.of(place(new Random(23))), 1);
        PathSearch search = new PathSearch(2, 0.5, PathScore.MEAN);
        assertThatThrownBy(() -> search.best(lattice, new int[] {4}, 1, wrong, Set.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("causal proxy", "after [4]", "found " + value);
    }
}
