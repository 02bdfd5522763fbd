package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.models.HeldOutText.Part;
import dev.slipstream.pass.MixAndMatch;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.pass.SlicePass;
import dev.slipstream.pass.Training;
import dev.slipstream.pass.Width;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What narrower feed-forwards cost the storyteller on two books that it was not trained on, and
 * whether balanced widths cost less than random ones of the same size. The table is in
 * docs/matformer.md.
 */
class MixAndMatchQualityTest {
    private static final int WINDOWS = HeldOutText.judged() / HeldOutText.WINDOW;
    private static final long SEED = 20;
    private static final List<Integer> GRANULARITIES = List.of(96, 192, 384, 768);
    private static final int LAYERS = 8;

    /** Neurons of layers together: of balanced models between the trained ones. */
    private static final List<Integer> SIZES = List.of(1152, 1920, 2304, 3840, 4608);

    private static final int RANDOM_OF_A_SIZE = 4;

    private final Map<List<Integer>, double[]> measured = new HashMap<>();
    private final Map<List<Integer>, Long> parameters = new HashMap<>();
    private final List<int[]> windows = new ArrayList<>();
    private final HeldOutText text = new HeldOutText("storyteller-7m");
    private final OnnxModel whole = text.graph();

    @AfterEach
    void close() {
        text.close();
    }

    @Test
    @Tag("thorough")
    void balancedWidthsAgainstRandomOnes() throws IOException {
        read();
        List<List<Integer>> uniform =
                GRANULARITIES.stream().map(w -> Collections.nCopies(LAYERS, w)).toList();
        System.out.println(
                "widths, first layer first | neurons | parameters | nats a token | beyond full");
        uniform.forEach(widths -> print("uniform", widths));
        Random random = new Random(SEED);
        double balancedSum = 0;
        double fallingSum = 0;
        double randomSum = 0;
        double lineSum = 0;
        for (int size : SIZES) {
            List<Integer> balanced =
                    new MixAndMatch(LAYERS, GRANULARITIES).share(size / (768.0 * LAYERS));
            assertThat(sum(balanced)).isEqualTo(size);
            List<Integer> falling = new ArrayList<>(balanced);
            Collections.reverse(falling);
            print("balanced", balanced);
            print("balanced, wide first", falling);
            balancedSum += nats(balanced);
            fallingSum += nats(falling);
            lineSum += line(uniform, size);
            Set<List<Integer>> drawn = new HashSet<>(List.of(balanced, falling));
            while (drawn.size() < 2 + RANDOM_OF_A_SIZE) {
                List<Integer> widths =
                        IntStream.range(0, LAYERS)
                                .mapToObj(i -> GRANULARITIES.get(random.nextInt(4)))
                                .toList();
                if (sum(widths) == size && drawn.add(widths)) {
                    print("random", widths);
                    randomSum += nats(widths) / RANDOM_OF_A_SIZE;
                }
            }
        }
        System.out.printf(
                "mean of %d sizes: balanced %.4f, balanced with the wide layers first %.4f, random %.4f, line through the uniform widths %.4f%n",
                SIZES.size(),
                balancedSum / SIZES.size(),
                fallingSum / SIZES.size(),
                randomSum / SIZES.size(),
                lineSum / SIZES.size());
        // Which of two widths beside each other is better, or whether balanced ones are better than
        // random ones, is too small a difference for few windows.
        assertThat(nats(uniform.get(0))).isGreaterThan(nats(uniform.get(2)));
        assertThat(nats(uniform.get(0)) - nats(uniform.get(3))).isBetween(0.05, 0.25);
    }

    private void read() throws IOException {
        int[] tokens = text.tokens(Part.TEST);
        for (int i = 0; i < WINDOWS; i++) {
            int from = (int) ((long) i * (tokens.length - HeldOutText.WINDOW) / (WINDOWS - 1));
            windows.add(Arrays.copyOfRange(tokens, from, from + HeldOutText.WINDOW));
        }
    }

    private void print(String kind, List<Integer> widths) {
        double full = nats(Collections.nCopies(LAYERS, 768));
        double nats = nats(widths);
        // Of the differences between two models on the same windows, not of the windows.
        double deviation =
                deviation(measured.get(widths), measured.get(Collections.nCopies(LAYERS, 768)));
        System.out.printf(
                "%s %s | %d | %d | %.4f | %+.4f +- %.4f%n",
                kind, widths, sum(widths), parameters.get(widths), nats, nats - full, deviation);
    }

    private static double deviation(double[] one, double[] other) {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < one.length; i++) {
            double difference = one[i] - other[i];
            sum += difference;
            squares += difference * difference;
        }
        double mean = sum / one.length;
        return Math.sqrt((squares / one.length - mean * mean) / (one.length - 1));
    }

    private double nats(List<Integer> widths) {
        double sum = 0;
        for (double window : measured.computeIfAbsent(widths, this::measure)) {
            sum += window / WINDOWS;
        }
        return sum;
    }

    private double[] measure(List<Integer> widths) {
        SlicePass slice = new SlicePass(new Width.Each(widths), Training.NESTED);
        OnnxModel graph = new Pipeline(List.of(slice)).apply(whole, null, pass -> {}).graph();
        parameters.put(widths, Anatomy.of(graph).parameters());
        double[] nats = new double[WINDOWS];
        SlidingWindow window = new SlidingWindow(HeldOutText.WINDOW, HeldOutText.WINDOW);
        for (int i = 0; i < WINDOWS; i++) {
            nats[i] = text.nats(graph, List.of(windows.get(i)), window);
        }
        return nats;
    }

    /** Returns what a model of so many neurons would cost between the uniform ones. */
    private double line(List<List<Integer>> uniform, int size) {
        for (int i = 1; i < uniform.size(); i++) {
            int left = sum(uniform.get(i - 1));
            int right = sum(uniform.get(i));
            if (size <= right) {
                double share = (size - left) / (double) (right - left);
                return (1 - share) * nats(uniform.get(i - 1)) + share * nats(uniform.get(i));
            }
        }
        throw new IllegalArgumentException("wider than all: " + size);
    }

    private static int sum(List<Integer> widths) {
        return widths.stream().mapToInt(width -> width).sum();
    }
}
