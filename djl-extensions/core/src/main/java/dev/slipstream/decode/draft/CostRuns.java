package dev.slipstream.decode.draft;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import java.util.Random;

/** Runs of a real model over meaningless tokens, to be measured. */
final class CostRuns implements CostMeasurement.Runs, AutoCloseable {
    private static final int PAST = 128;
    private static final int MOST_ROWS = 32;

    private final DecoderSession session;
    private final int[] tokens;
    private int past;

    CostRuns(DecoderModel model) {
        int capacity = Math.min(model.contextLength(), PAST + MOST_ROWS);
        session = model.newSession(capacity);
        tokens = new Random(1).ints(capacity, 0, model.vocabularySize()).toArray();
    }

    /** Returns the tokens that should be read before the runs. */
    int past() {
        return Math.min(PAST, session.model().contextLength() / 2);
    }

    /** Returns the most rows that fit after them. */
    int mostRows() {
        return Math.min(MOST_ROWS, session.capacity() - past());
    }

    /** Returns how often the model was run. */
    int count() {
        return session.runs();
    }

    @Override
    public void extend(int rows) {
        session.forward(tokens, 0, rows, LogitRows.LAST);
        past = session.length();
    }

    @Override
    public void run(int rows) {
        session.forward(tokens, 0, rows, LogitRows.ALL);
    }

    @Override
    public void rewind() {
        session.rollback(past);
    }

    @Override
    public void close() {
        session.close();
    }
}
