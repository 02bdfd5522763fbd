package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.decode.Confidence;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Set;

/**
 * Finds the candidates of a place: the fewest likeliest tokens that have a share of the probability
 * together, never more than a number, and every end token. The mask token is none, and what is left
 * is a distribution without it.
 *
 * <p>Not safe for use by several threads at once.
 */
final class CandidateReader {
    private final int most;
    private final double mass;
    private final int mask;
    private final int[] endTokens;
    private final Confidence confidence;
    private final float[] logits;
    private final int[] best;

    /**
     * Constructs a reader.
     *
     * @param options what to keep
     * @param vocabularySize number of logits that count, those of the lowest ids
     * @param mask id of the mask token
     * @param endTokens ids behind which nothing comes
     */
    CandidateReader(
            DiffuSpecOptions options, int vocabularySize, int mask, Set<Integer> endTokens) {
        this.most = Math.min(options.candidates(), vocabularySize);
        this.mass = options.mass();
        this.mask = mask;
        this.endTokens =
                endTokens.stream()
                        .mapToInt(Integer::intValue)
                        .filter(id -> id < vocabularySize)
                        .sorted()
                        .toArray();
        confidence = new Confidence(vocabularySize);
        logits = new float[vocabularySize];
        best = new int[most];
    }

    /**
     * Reads the logits of one place.
     *
     * @param row {@code float[vocabularySize]} or longer, read at absolute indices from 0
     * @return {@link Candidates#NONE} if a logit is no number
     */
    Candidates read(FloatBuffer row) {
        confidence.read(row);
        if (confidence.probability() == 0) {
            return Candidates.NONE;
        }
        double total = row.get(confidence.token()) - Math.log(confidence.probability());
        row.get(0, logits);
        if (mask < logits.length) {
            total += Math.log1p(-Math.exp(logits[mask] - total));
            logits[mask] = Float.NEGATIVE_INFINITY;
        }
        // Of the mask alone nothing can be said.
        return Double.isFinite(total) ? kept(likeliest(), total) : Candidates.NONE;
    }

    /** Fills {@link #best} by insertion: few tokens of a row are ever among its likeliest. */
    private int likeliest() {
        int count = 0;
        float least = Float.NEGATIVE_INFINITY;
        for (int token = 0; token < logits.length; token++) {
            float logit = logits[token];
            if (logit > least) {
                int place = count < most ? count++ : most - 1;
                while (place > 0 && logits[best[place - 1]] < logit) {
                    best[place] = best[place - 1];
                    place--;
                }
                best[place] = token;
                least = count < most ? Float.NEGATIVE_INFINITY : logits[best[most - 1]];
            }
        }
        return count;
    }

    private Candidates kept(int count, double total) {
        int[] tokens = Arrays.copyOf(best, count + endTokens.length);
        double[] logProbabilities = new double[tokens.length];
        double sum = 0;
        int ranked = 0;
        // A mass of 1 keeps all: a sum of 1 may be rounded.
        while (ranked < count && (mass == 1 || sum < mass)) {
            logProbabilities[ranked] = logProbability(tokens[ranked], total);
            sum += Math.exp(logProbabilities[ranked]);
            ranked++;
        }
        int length = ranked;
        for (int end : likeliestFirst(endTokens)) {
            if (!contains(tokens, ranked, end)) {
                tokens[length] = end;
                logProbabilities[length] = logProbability(end, total);
                length++;
            }
        }
        return new Candidates(
                Arrays.copyOf(tokens, length), Arrays.copyOf(logProbabilities, length), ranked);
    }

    private double logProbability(int token, double total) {
        return Math.min(0, logits[token] - total);
    }

    private int[] likeliestFirst(int[] tokens) {
        return Arrays.stream(tokens)
                .filter(token -> token != mask)
                .boxed()
                .sorted((one, other) -> Float.compare(logits[other], logits[one]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static boolean contains(int[] tokens, int length, int token) {
        for (int i = 0; i < length; i++) {
            if (tokens[i] == token) {
                return true;
            }
        }
        return false;
    }
}
