package dev.slipstream.decode.block;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.Certainty;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Sampler;
import dev.slipstream.decode.TextRequest;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;

/**
 * Reads what a run of one request says of the places of a block. The mask token is ruled out in
 * every row before all else: it is neither drawn nor likeliest, nor does it take part in any
 * probability.
 */
final class PlaceReader {
    private final BlockDiffusion diffusion;
    private final Sampler sampler;
    private final Sampler judging;
    private final Certainty certainty;

    PlaceReader(BlockDecoding method, TextRequest request) {
        diffusion = method.diffusion();
        int vocabularySize = method.decoder().vocabularySize();
        GenerationOptions options = request.options();
        SelfVerification verification = method.verification();
        GenerationOptions judged = verification == null ? options : verification.judged(options);
        int[] prompt = request.prompt().ids();
        sampler = new Sampler(options, vocabularySize, prompt);
        judging = judged.equals(options) ? sampler : new Sampler(judged, vocabularySize, prompt);
        certainty = new Certainty(vocabularySize);
    }

    /** Returns the logits of a place, in the run's own memory. */
    FloatBuffer row(Logits logits, int place) {
        boolean shifted = diffusion.alignment() == BlockDiffusion.Alignment.SHIFTED;
        return withoutMask(logits.row(shifted ? place - 1 : place));
    }

    /** Returns the logits of the place behind the last token of a run, in the run's own memory. */
    FloatBuffer next(Logits logits) {
        return withoutMask(logits.last());
    }

    /** Rules the mask token out of a row, in the run's own memory. */
    FloatBuffer withoutMask(FloatBuffer row) {
        return row.put(diffusion.maskToken(), Float.NEGATIVE_INFINITY);
    }

    /**
     * Returns the token of a row: the likeliest, or a drawn one. It counts for penalties when
     * {@link #accept}ed.
     */
    int choose(FloatBuffer row) {
        return sampler.sample(row);
    }

    /** Tells the penalties of a token that became known. */
    void accept(int token) {
        sampler.accept(token);
        if (judging != sampler) {
            judging.accept(token);
        }
    }

    /**
     * Writes the distribution of a row by which a verification compares.
     *
     * @param probabilities by token
     */
    void probabilities(FloatBuffer row, double[] probabilities) {
        judging.probabilities(row, probabilities);
    }

    /**
     * Predicts the unknown places of a block, from left to right.
     *
     * @param logits of all its places
     */
    Predictions predict(ActiveBlock block, Logits logits) {
        int length = block.length();
        Predictions predictions =
                new Predictions(
                        new int[length],
                        new double[length],
                        new double[length],
                        new double[length],
                        new double[length]);
        for (int place = 0; place < length; place++) {
            if (!block.known(place)) {
                FloatBuffer row = row(logits, place);
                int token = sampler.sample(row);
                certainty.read(row);
                predictions.tokens()[place] = token;
                predictions.confidences()[place] = certainty.probability(token);
                predictions.entropies()[place] = certainty.entropy();
                predictions.margins()[place] = certainty.margin();
                predictions.collisions()[place] = certainty.collision();
            }
        }
        return predictions;
    }
}
