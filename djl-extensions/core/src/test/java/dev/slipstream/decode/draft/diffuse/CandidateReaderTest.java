package dev.slipstream.decode.draft.diffuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Proof 4, first half: which tokens are candidates, against sorting all of them. */
class CandidateReaderTest {
    private static final int MASK = 2;

    private static DiffuSpecOptions options(int candidates, double mass) {
        return DiffuSpecOptions.parse("candidates=" + candidates + ",mass=" + mass);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void candidatesAreThoseOfASortedRow(long seed) {
        Random random = new Random(seed);
        for (int trial = 0; trial < 200; trial++) {
            int vocabulary = 4 + random.nextInt(trial % 20 == 0 ? 20_000 : 60);
            float[] row = new float[vocabulary];
            double scale = 8 * random.nextDouble();
            for (int i = 0; i < vocabulary; i++) {
                row[i] = (float) (scale * random.nextGaussian());
            }
            Set<Integer> ends = Set.of(0, vocabulary - 1, vocabulary + 5);
            int most = 1 + random.nextInt(20);
            double mass = random.nextInt(4) == 0 ? 1 : 1 - random.nextDouble();
            Candidates found =
                    new CandidateReader(options(most, mass), vocabulary, MASK, ends)
                            .read(FloatBuffer.wrap(row));
            check(found, row, most, mass, ends);
        }
    }

    private static void check(
            Candidates found, float[] row, int most, double mass, Set<Integer> ends) {
        double total = 0;
        for (int i = 0; i < row.length; i++) {
            total += i == MASK ? 0 : Math.exp(row[i]);
        }
        double all = total;
        List<Integer> sorted =
                IntStream.range(0, row.length)
                        .filter(i -> i != MASK)
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> -row[i]))
                        .toList();
        List<Integer> expected = new ArrayList<>();
        double sum = 0;
        for (int token : sorted) {
            if (expected.size() < most && (mass == 1 || sum < mass)) {
                expected.add(token);
                sum += Math.exp(row[token]) / all;
            }
        }
        assertThat(found.ranked()).isEqualTo(expected.size());
        sorted.stream()
                .filter(ends::contains)
                .filter(token -> !expected.contains(token))
                .forEach(expected::add);
        assertThat(found.tokens())
                .containsExactly(expected.stream().mapToInt(Integer::intValue).toArray());
        for (int i = 0; i < found.count(); i++) {
            assertThat(found.logProbabilities()[i])
                    .isCloseTo(row[found.tokens()[i]] - Math.log(all), within(1e-6));
        }
    }

    @Test
    void aMassOfOneAndEveryTokenLeaveNothingOut() {
        float[] row = {0, 40, 1, -40, 3, 3, 2};
        Candidates found =
                new CandidateReader(options(row.length, 1), row.length, MASK, Set.of())
                        .read(FloatBuffer.wrap(row));
        assertThat(found.tokens()).containsExactly(1, 4, 5, 6, 0, 3);
        assertThat(found.ranked()).isEqualTo(6);
    }

    @Test
    void fewerAreLeftOfAPeakedRow() {
        float[] row = new float[50];
        CandidateReader reader = new CandidateReader(options(15, 0.8), 50, MASK, Set.of());
        assertThat(reader.read(FloatBuffer.wrap(row)).count()).isEqualTo(15);
        row[7] = 8;
        row[8] = 7;
        assertThat(reader.read(FloatBuffer.wrap(row)).tokens()).containsExactly(7, 8);
    }

    @Test
    void nothingIsSaidOfRowsThatAreNoNumbers() {
        CandidateReader reader = new CandidateReader(options(3, 0.8), 5, MASK, Set.of(1));
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] row = {1, 2, 3, 4, broken};
            assertThat(reader.read(FloatBuffer.wrap(row))).isEqualTo(Candidates.NONE);
        }
        float[] onlyTheMask = {-3000, -3000, 3000, -3000, -3000};
        assertThat(reader.read(FloatBuffer.wrap(onlyTheMask))).isEqualTo(Candidates.NONE);
        float[] right = {1, 2, 3, 4, 5};
        assertThat(reader.read(FloatBuffer.wrap(right)).tokens()).startsWith(4, 3);
    }
}
