package dev.slipstream.decode;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;

/** The oracle for {@link Sampler}: every knob by the book, with a full sort, in doubles. */
public final class PlainDistribution {
    private PlainDistribution() {}

    /** Returns the probabilities by token. */
    public static double[] of(
            GenerationOptions options, float[] logits, int[] prompt, int[] output) {
        int n = logits.length;
        double[] scores = new double[n];
        for (int i = 0; i < n; i++) {
            scores[i] = logits[i];
        }
        Set<Integer> before = new HashSet<>();
        IntStream.concat(Arrays.stream(prompt), Arrays.stream(output)).forEach(before::add);
        for (int token : before) {
            scores[token] *=
                    scores[token] > 0
                            ? 1 / options.repetitionPenalty()
                            : options.repetitionPenalty();
        }
        for (int token = 0; token < n; token++) {
            int id = token;
            long count = Arrays.stream(output).filter(t -> t == id).count();
            if (count > 0) {
                scores[token] -= options.presencePenalty();
            }
            scores[token] -= options.frequencyPenalty() * count;
            scores[token] += options.logitBias().getOrDefault(token, 0.0);
        }
        Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
        // Not -scores[i]: the comparator would tell -0.0 from 0.0.
        Arrays.sort(order, Comparator.<Integer>comparingDouble(i -> 0.0 - scores[i]));
        if (options.temperature() == 0) {
            double[] one = new double[n];
            one[order[0]] = 1;
            return one;
        }
        double[] scaled = Arrays.stream(scores).map(s -> s / options.temperature()).toArray();
        int kept = options.topK() == 0 ? n : Math.min(n, options.topK());
        double[] probabilities = softmax(scaled, order, kept);
        if (options.topP() < 1) {
            double mass = 0;
            int count = 0;
            while (count < kept && mass < options.topP()) {
                mass += probabilities[order[count++]];
            }
            kept = count;
            probabilities = softmax(scaled, order, kept);
        }
        double least = options.minP() * probabilities[order[0]];
        int count = 0;
        while (count < kept && probabilities[order[count]] >= least) {
            count++;
        }
        return softmax(scaled, order, count);
    }

    private static double[] softmax(double[] scores, Integer[] order, int kept) {
        double[] result = new double[scores.length];
        double sum = 0;
        for (int i = 0; i < kept; i++) {
            result[order[i]] = Math.exp(scores[order[i]] - scores[order[0]]);
            sum += result[order[i]];
        }
        for (int i = 0; i < kept; i++) {
            result[order[i]] /= sum;
        }
        return result;
    }
}
