package dev.slipstream.runtime;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Finds from how many new tokens on the form of the weights for many is the faster one, on this
 * machine: both forms run every size in turn, and of each the least time counts.
 */
public final class LongRuns {
    /** How long measuring may take, unless one round of all sizes takes longer. */
    public static final Duration DEFAULT_BUDGET = Duration.ofMillis(500);

    private static final int[] SIZES = {2, 4, 8, 16, 32, 64};
    private static final int PAST = 64;
    private static final int MOST_ROUNDS = 20;

    /** So many rounds at least of sizes up to this, which decide most and cost least. */
    private static final int LEAST_ROUNDS = 3;

    private static final int SMALL = 16;

    /** Less than this is no gain: a disturbed size would let long runs begin too early. */
    private static final double GAIN = 0.1;

    private final DecoderModel model;
    private final DecoderSession session;
    private final int[] tokens;

    private LongRuns(DecoderModel model, DecoderSession session) {
        this.model = model;
        this.session = session;
        this.tokens = new Random(1).ints(session.capacity(), 0, model.vocabularySize()).toArray();
    }

    /** The least nanoseconds of a run in either form. */
    record Times(long shortForm, long longForm) {}

    /**
     * Measures a model that nothing else uses meanwhile, and {@linkplain DecoderModel#runLongFrom
     * sets} what was found.
     *
     * @param model that {@linkplain DecoderModel#hasTwoForms() has two forms}
     * @param budget how long; one round of all sizes, and three of the small ones, are run in any
     *     case
     * @return the number of tokens; {@link Integer#MAX_VALUE} if it never is the faster one
     */
    public static int measure(DecoderModel model, Duration budget) {
        int before = model.longRunsFrom();
        int largest = SIZES[SIZES.length - 1];
        int capacity = Math.min(model.contextLength(), PAST + largest);
        try (DecoderSession session = model.newSession(capacity)) {
            int found = crossing(new LongRuns(model, session).times(budget.toNanos()));
            model.runLongFrom(found);
            return found;
        } catch (RuntimeException e) {
            model.runLongFrom(before);
            throw e;
        }
    }

    /**
     * Returns the least size from which on every measured size is faster by a tenth in the form for
     * many.
     *
     * @param times by the number of new tokens
     */
    static int crossing(SortedMap<Integer, Times> times) {
        int found = Integer.MAX_VALUE;
        for (int size : times.keySet().stream().sorted((a, b) -> b - a).toList()) {
            Times both = times.get(size);
            if (both.longForm() > (1 - GAIN) * both.shortForm()) {
                break;
            }
            found = size;
        }
        return found;
    }

    private SortedMap<Integer, Times> times(long budget) {
        int past = Math.min(PAST, session.capacity() / 2);
        int[] sizes =
                Arrays.stream(SIZES).filter(size -> size <= session.capacity() - past).toArray();
        long start = System.nanoTime();
        run(past, RunForm.SHORT, 0);
        SortedMap<Integer, Times> least = new TreeMap<>();
        for (int round = 0; round < MOST_ROUNDS; round++) {
            boolean spent = round > 0 && System.nanoTime() - start > budget;
            if (spent && round >= LEAST_ROUNDS) {
                break;
            }
            for (int size : sizes) {
                if (spent && size > SMALL) {
                    break;
                }
                // The first run of a size makes its buffers: the forms take turns at that.
                boolean shortFirst = round % 2 == 0;
                long first = run(size, shortFirst ? RunForm.SHORT : RunForm.LONG, past);
                long second = run(size, shortFirst ? RunForm.LONG : RunForm.SHORT, past);
                Times now = shortFirst ? new Times(first, second) : new Times(second, first);
                least.merge(size, now, LongRuns::least);
            }
        }
        return least;
    }

    private static Times least(Times a, Times b) {
        return new Times(
                Math.min(a.shortForm(), b.shortForm()), Math.min(a.longForm(), b.longForm()));
    }

    private long run(int size, RunForm form, int past) {
        model.runLongFrom(form == RunForm.LONG ? 2 : Integer.MAX_VALUE);
        session.rollback(past);
        long start = System.nanoTime();
        session.forward(tokens, past, past + size, LogitRows.LAST);
        return System.nanoTime() - start;
    }
}
