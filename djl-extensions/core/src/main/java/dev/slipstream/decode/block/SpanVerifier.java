package dev.slipstream.decode.block;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.RandomDraws;
import dev.slipstream.decode.TextReader;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Self-verification of one request ({@link SelfVerification}): decides after a denoising run
 * whether its predictions are verified, makes the verifying run, and reads it.
 */
final class SpanVerifier {
    /** Keeps the judge's random numbers apart from the sampler's. */
    private static final long JUDGE = 0x6A09E667F3BCC909L;

    private static final double[] NOT_ASKED_FOR = {};

    private final BlockDecoding method;
    private final Router router;
    private final SpanAcceptance judge;
    private final PlaceReader places;
    private final double[] verified;

    /** What each place of the span was drawn from, from its first place on. */
    private double[][] drafted = {};

    private TwoCopies span = new TwoCopies(0, 1);
    private int[] fed = {};
    private boolean asked;

    private SpanVerifier(
            SelfVerification verification,
            BlockDecoding method,
            GenerationOptions options,
            PlaceReader places) {
        this.method = method;
        int vocabularySize = method.decoder().vocabularySize();
        this.places = places;
        router = verification.open(vocabularySize);
        Long seed = options.seed();
        long drawn = seed == null ? ThreadLocalRandom.current().nextLong() : seed;
        judge = verification.judge(options, new RandomDraws(drawn ^ JUDGE));
        verified = new double[vocabularySize];
    }

    /** Returns the verifier of one request; null where the method has none. */
    static @Nullable SpanVerifier of(
            BlockDecoding method, GenerationOptions options, PlaceReader places) {
        SelfVerification verification = method.verification();
        return verification == null
                ? null
                : new SpanVerifier(verification, method, options, places);
    }

    /** Where the tokens of a verification go. */
    interface Text {
        /**
         * Fixes a place.
         *
         * @param row the logits by which it was chosen
         */
        void fix(int place, int token, FloatBuffer row);
    }

    /**
     * Tells whether a verification follows, and keeps what it needs of the draft.
     *
     * @param predictions of the denoising run
     * @param logits of that run
     * @param room tokens that the session can hold behind those before the block
     */
    boolean follows(ActiveBlock block, Predictions predictions, Logits logits, int room) {
        asked = false;
        if (block.unknown() == 0) {
            return false;
        }
        span = TwoCopies.of(block);
        asked = method.isShifted() || span.rows() <= room;
        if (!asked || !router.verifies(block, predictions)) {
            return false;
        }
        if (judge.needsDrafter()) {
            keepDistributions(logits);
        }
        fed = method.isShifted() ? filled(block, predictions) : twice(block, predictions);
        return true;
    }

    private void keepDistributions(Logits logits) {
        int length = span.end() - span.first();
        int before = drafted.length;
        if (before < length) {
            drafted = Arrays.copyOf(drafted, length);
            Arrays.setAll(
                    drafted, i -> i < before ? drafted[i] : new double[logits.vocabularySize()]);
        }
        for (int i = 0; i < length; i++) {
            places.probabilities(places.row(logits, span.first() + i), drafted[i]);
        }
    }

    /** The row before a place predicts it; a whole block is fed if it may turn out finished. */
    private int[] filled(ActiveBlock block, Predictions predictions) {
        boolean last = span.end() - span.first() == block.unknown();
        int[] tokens = Arrays.copyOf(block.tokens(), last ? block.length() : span.end() - 1);
        for (int place = 0; place < tokens.length; place++) {
            tokens[place] = block.known(place) ? tokens[place] : predictions.tokens()[place];
        }
        return tokens;
    }

    private int[] twice(ActiveBlock block, Predictions predictions) {
        return span.tokens(block, predictions, method.diffusion().maskToken());
    }

    /** Returns the verifying run. */
    Turn turn(TextReader reader) {
        Turn causal = reader.turn(fed, LogitRows.ALL);
        return method.isShifted() ? causal : causal.withVisibility(span.visibility());
    }

    /**
     * Fixes places of the span from the left, up to the first whose draft is refused, which gets
     * another token.
     *
     * @param logits of the verifying run
     * @param predictions the draft
     * @return how many of the drafts stayed
     */
    int judge(Logits logits, Predictions predictions, Text text) {
        for (int place = span.first(); place < span.end(); place++) {
            FloatBuffer row =
                    method.isShifted()
                            ? places.row(logits, place)
                            : places.withoutMask(logits.row(span.row(place)));
            places.probabilities(row, verified);
            int draft = predictions.tokens()[place];
            double[] drawnFrom =
                    judge.needsDrafter() ? drafted[place - span.first()] : NOT_ASKED_FOR;
            int token = judge.choose(draft, drawnFrom, verified);
            text.fix(place, token, row);
            if (token != draft) {
                return place - span.first();
            }
        }
        return span.end() - span.first();
    }

    /** Tells whether the verifying run was that of a finished block, so that it is stored. */
    boolean stored(ActiveBlock block) {
        return method.isShifted() && block.unknown() == 0 && Arrays.equals(block.tokens(), fed);
    }

    /** Learns how many tokens a step kept. */
    void learn(int tokens) {
        if (asked) {
            router.learn(tokens);
        }
    }
}
