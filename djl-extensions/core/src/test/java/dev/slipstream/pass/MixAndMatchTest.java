package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Widths for a budget, against a search through all models. */
class MixAndMatchTest {
    @Test
    void theLeastSlopeWithinABudget() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int met = 0;
        for (int round = 0; round < 400; round++) {
            int layers = 1 + random.nextInt(5);
            TreeSet<Integer> granularities = new TreeSet<>();
            while (granularities.size() < 1 + round % 4) {
                granularities.add(1 + random.nextInt(100));
            }
            MixAndMatch mix = new MixAndMatch(layers, List.copyOf(granularities));
            int fixed = random.nextInt(50);
            long budget = random.nextInt(120);
            List<Integer> expected = searched(mix, fixed, budget);
            String drawn = "%s, fixed %d, budget %d, seed %d".formatted(mix, fixed, budget, seed);
            if (expected == null) {
                assertThatThrownBy(() -> mix.within(budget, "units", width -> fixed + width))
                        .as(drawn)
                        .isInstanceOf(PassException.class)
                        .hasMessageContaining("at least %d units", fixed + granularities.first());
            } else {
                met++;
                assertThat(mix.within(budget, "units", width -> fixed + width))
                        .as(drawn)
                        .isEqualTo(expected);
            }
        }
        assertThat(met).isBetween(50, 390);
    }

    /** All models, of which those of neighbouring widths in rising order are wanted. */
    private static @Nullable List<Integer> searched(MixAndMatch mix, int fixed, long budget) {
        List<Integer> best = null;
        long most = -1;
        int count = (int) Math.pow(mix.granularities().size(), mix.layers());
        for (int code = 0; code < count; code++) {
            List<Integer> indices = new ArrayList<>();
            for (int rest = code, i = 0; i < mix.layers(); i++) {
                indices.add(rest % mix.granularities().size());
                rest /= mix.granularities().size();
            }
            TreeSet<Integer> distinct = new TreeSet<>(indices);
            boolean balanced = distinct.last() - distinct.first() <= 1;
            boolean rising = indices.equals(indices.stream().sorted().toList());
            long sum = indices.stream().mapToLong(mix.granularities()::get).sum();
            boolean within = sum + (long) fixed * mix.layers() <= budget * mix.layers();
            if (balanced && rising && within && sum > most) {
                most = sum;
                best = indices.stream().map(mix.granularities()::get).toList();
            }
        }
        return best;
    }

    @Test
    void everyBudgetThatAModelHasIsThatModel() {
        MixAndMatch mix = new MixAndMatch(8, List.of(96, 192, 384, 768));
        assertThat(mix.models()).hasSize(25).doesNotHaveDuplicates();
        for (List<Integer> model : mix.models()) {
            double share = model.stream().mapToInt(width -> width).sum() / (8.0 * 768);
            assertThat(mix.share(share)).isEqualTo(model);
        }
        assertThat(mix.share(0.5)).containsOnly(384);
        assertThat(mix.share(0.3)).containsExactly(192, 192, 192, 192, 192, 192, 192, 384);
    }

    @Test
    void aBudgetOfTimeByMeasuredWidths() {
        MixAndMatch mix = new MixAndMatch(4, List.of(1, 2, 4));
        double[] measured = {0, 1.5, 2.0, 0, 3.0};
        assertThat(mix.within(2.0, "ms a token", width -> measured[width])).containsOnly(2);
        assertThat(mix.within(2.6, "ms a token", width -> measured[width]))
                .containsExactly(2, 2, 4, 4);
        assertThatThrownBy(() -> mix.within(1.4, "ms a token", width -> measured[width]))
                .hasMessage(
                        "expected a budget of at least 1.5 ms a token, which feed-forward widths of 1 need, found 1.4");
    }

    @Test
    void refusesWidthsThatDoNotRise() {
        assertThatThrownBy(() -> new MixAndMatch(2, List.of(64, 64)))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("rising widths");
    }
}
