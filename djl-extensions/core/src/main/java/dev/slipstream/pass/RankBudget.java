package dev.slipstream.pass;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Shares a number of parameters out among matrices that are to be factored: the rank of each. Ranks
 * are multiples of {@value #STEP}, which vector code likes.
 */
final class RankBudget {
    static final int STEP = 16;

    private RankBudget() {}

    /**
     * A matrix.
     *
     * @param out rows
     * @param in columns
     * @param energies what each further rank keeps, falling
     */
    record Candidate(int out, int in, double[] energies) {
        /** Parameters of one more rank. */
        long price() {
            return (long) out + in;
        }

        /** The highest rank whose factors are smaller than the matrix. */
        int most() {
            long below = ((long) out * in - 1) / price();
            return (int) Math.min(below, Math.min(out, in)) / STEP * STEP;
        }

        private double gain(int rank) {
            double all = 0;
            for (double energy : energies) {
                all += energy;
            }
            double gained = 0;
            for (int k = rank; k < Math.min(rank + STEP, energies.length); k++) {
                gained += energies[k];
            }
            return all == 0 ? 0 : gained / all / price();
        }
    }

    /** Gives every matrix the same share of its own parameters. */
    static List<Integer> uniform(List<Candidate> candidates, double share) {
        List<Integer> ranks = new ArrayList<>();
        for (Candidate candidate : candidates) {
            double own = share * candidate.out() * candidate.in() / candidate.price();
            ranks.add((int) Math.min(candidate.most(), own) / STEP * STEP);
        }
        return ranks;
    }

    /**
     * Gives each parameter to the matrix where it keeps the largest share of the output's energy.
     *
     * @param parameters of all factors together
     */
    static List<Integer> byEnergy(List<Candidate> candidates, long parameters) {
        int[] ranks = new int[candidates.size()];
        long left = parameters;
        for (int i = 0; i < ranks.length; i++) {
            // A matrix of rank 0 would be a removed one.
            ranks[i] = STEP;
            left -= STEP * candidates.get(i).price();
        }
        PriorityQueue<Integer> next =
                new PriorityQueue<>(
                        Comparator.comparingDouble((Integer i) -> -candidates.get(i).gain(ranks[i]))
                                .thenComparing(i -> i));
        for (int i = 0; i < ranks.length; i++) {
            next.add(i);
        }
        while (!next.isEmpty()) {
            int i = next.remove();
            Candidate candidate = candidates.get(i);
            long price = STEP * candidate.price();
            if (ranks[i] + STEP <= candidate.most() && price <= left) {
                ranks[i] += STEP;
                left -= price;
                next.add(i);
            }
        }
        List<Integer> result = new ArrayList<>();
        for (int rank : ranks) {
            result.add(rank);
        }
        return result;
    }

    /** Returns the fewest parameters that {@link #byEnergy} can work with. */
    static long least(List<Candidate> candidates) {
        return candidates.stream().mapToLong(c -> STEP * c.price()).sum();
    }
}
