package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RankBudgetTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void keepsAsMuchEnergyAsTheBestOfAllChoices(long seed) {
        Random random = new Random(seed);
        // Of equal shape, so that no remainder of the budget is left over.
        List<RankBudget.Candidate> candidates =
                List.of(candidate(random), candidate(random), candidate(random));
        long budget = candidates.get(0).price() * RankBudget.STEP * (4 + random.nextInt(6));
        List<Integer> ranks = RankBudget.byEnergy(candidates, budget);
        assertThat(used(candidates, ranks)).isLessThanOrEqualTo(budget);
        double best = 0;
        for (int a = 16; a <= candidates.get(0).most(); a += 16) {
            for (int b = 16; b <= candidates.get(1).most(); b += 16) {
                for (int c = 16; c <= candidates.get(2).most(); c += 16) {
                    List<Integer> other = List.of(a, b, c);
                    if (used(candidates, other) <= budget) {
                        best = Math.max(best, kept(candidates, other));
                    }
                }
            }
        }
        assertThat(kept(candidates, ranks)).as("seed %d", seed).isGreaterThan(best - 1e-12);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 0.5, 0.625})
    void givesEveryMatrixTheShareOfItsParameters(double share) {
        Random random = new Random(9);
        for (int rank : RankBudget.uniform(List.of(candidate(random)), share)) {
            assertThat(rank % RankBudget.STEP).isZero();
            long parameters = rank * 352L;
            assertThat(parameters).isLessThanOrEqualTo((long) (share * 96 * 256));
            assertThat(parameters + 16 * 352L).isGreaterThan((long) (share * 96 * 256));
        }
    }

    private static RankBudget.Candidate candidate(Random random) {
        double[] energies = new double[96];
        double rate = 0.9 + 0.09 * random.nextDouble();
        for (int k = 0; k < energies.length; k++) {
            energies[k] = Math.pow(rate, k);
        }
        return new RankBudget.Candidate(256, 96, energies);
    }

    private static long used(List<RankBudget.Candidate> candidates, List<Integer> ranks) {
        long used = 0;
        for (int i = 0; i < ranks.size(); i++) {
            used += candidates.get(i).price() * ranks.get(i);
        }
        return used;
    }

    private static double kept(List<RankBudget.Candidate> candidates, List<Integer> ranks) {
        double kept = 0;
        for (int i = 0; i < ranks.size(); i++) {
            double[] energies = candidates.get(i).energies();
            double all = Arrays.stream(energies).sum();
            kept += Arrays.stream(energies, 0, ranks.get(i)).sum() / all;
        }
        return kept;
    }
}
