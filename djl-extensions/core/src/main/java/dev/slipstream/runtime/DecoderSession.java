package dev.slipstream.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * One sequence of tokens in a model: its keys and values, its position, its buffers. A run over n
 * new tokens writes their keys and values after those before; {@link #rollback} forgets the latest.
 *
 * <p>For one thread at a time, but for {@link #terminate()} and {@link #close()}, which any thread
 * may call at any moment.
 */
public final class DecoderSession implements AutoCloseable {
    private final DecoderModel model;
    private final int capacity;
    private final KeyValues keyValues;
    private final OrtSession.RunOptions runOptions;
    private final Steps steps;
    private final Object terminateLock = new Object();
    private int[] tokens = new int[64];
    private int length;
    private final EffortHistory history = new EffortHistory();
    private final KeptContext keptContext = new KeptContext();
    private int runs;
    private long gated;
    private long skipped;
    private @Nullable ByteBuffer ones;
    private volatile boolean terminated;
    private boolean closed;

    DecoderSession(DecoderModel model, int capacity, KeyValues keyValues) throws OrtException {
        this.model = model;
        this.capacity = capacity;
        this.keyValues = keyValues;
        this.steps = new Steps(model);
        this.runOptions = new OrtSession.RunOptions();
    }

    /** Returns the number of tokens whose keys and values are held. */
    public int length() {
        return length;
    }

    /**
     * Returns how many of the first tokens have the keys and values of the whole model: {@link
     * #length()}, but where {@link Depth#DRAFT drafted} tokens are held, or ones for which a part
     * of the model was left out. Only those may be kept for other sessions.
     */
    public int exactLength() {
        return history.exact(length);
    }

    /** Returns the most tokens that can be held. */
    public int capacity() {
        return capacity;
    }

    /** Returns the model that the session belongs to. */
    public DecoderModel model() {
        return model;
    }

    /** Returns how often the graph was started for this session. */
    public int runs() {
        return runs;
    }

    /**
     * Returns how many sub-layers behind gates the runs so far met, those of every token counted:
     * switched ones and those that may be skipped, drafts left out. What is narrower is not less.
     */
    public long gatedSubLayers() {
        return gated;
    }

    /** Returns how many of the {@link #gatedSubLayers()} were left out. */
    public long skippedSubLayers() {
        return skipped;
    }

    /** Returns a copy of the tokens whose keys and values are held. */
    public int[] tokens() {
        return Arrays.copyOf(tokens, length);
    }

    /**
     * Runs the model over new tokens.
     *
     * @param newTokens at least one; together with {@link #length()} at most {@link #capacity()}
     * @param rows which of them get logits
     * @return the logits, valid until the next call
     * @throws CancellationException if {@link #terminate()} or {@link #close()} was called; the
     *     tokens are not held
     */
    public Logits forward(int[] newTokens, LogitRows rows) {
        return forward(newTokens, 0, newTokens.length, rows);
    }

    /**
     * Runs the model over a part of an array.
     *
     * @param source token ids
     * @param from first of them
     * @param to one past the last of them
     * @param rows which of them get logits
     * @return the logits, valid until the next call
     * @throws CancellationException if {@link #terminate()} or {@link #close()} was called; the
     *     tokens of the part of the run that was cut short are not held
     */
    public Logits forward(int[] source, int from, int to, LogitRows rows) {
        return forward(source, from, to, rows, Depth.FULL);
    }

    /**
     * Runs the model, or the part of it that drafts, over a part of an array.
     *
     * @param source token ids
     * @param from first of them
     * @param to one past the last of them
     * @param rows which of them get logits
     * @param depth how much of the model to run; {@link Depth#DRAFT} only where {@link
     *     DecoderModel#drafts()}
     * @return the logits, valid until the next call
     * @throws CancellationException if {@link #terminate()} or {@link #close()} was called; the
     *     tokens of the part of the run that was cut short are not held
     */
    public Logits forward(int[] source, int from, int to, LogitRows rows, Depth depth) {
        return forward(new Turn(this, source, from, to, rows), depth);
    }

    /**
     * Runs as much of the model as an effort says over a part of an array.
     *
     * @param source token ids
     * @param from first of them
     * @param to one past the last of them
     * @param rows which of them get logits
     * @param effort how much of the model to compute for all of them
     * @return the logits, valid until the next call
     * @throws IllegalArgumentException if the model does not have the effort's gates
     * @throws CancellationException if {@link #terminate()} or {@link #close()} was called; the
     *     tokens of the part of the run that was cut short are not held
     */
    public Logits forward(int[] source, int from, int to, LogitRows rows, Effort effort) {
        return forward(new Turn(this, source, from, to, rows, effort, 0), Depth.FULL);
    }

    synchronized Logits forward(Turn turn, Depth depth) {
        check(turn, depth);
        keptContext.begins(turn);
        int start = turn.from();
        int piece = model.prefillChunk();
        if (turn.rows() == LogitRows.LAST && turn.causal()) {
            // A long prompt goes in by pieces: what a run needs in memory grows with its length.
            while (turn.to() - start > piece) {
                run(turn, start, piece, LogitRows.LAST, depth);
                start += piece;
            }
        }
        return run(turn, start, turn.to() - start, turn.rows(), depth);
    }

    /**
     * Runs new tokens of several sessions at once, all in one form.
     *
     * @throws CancellationException if a session or the model was terminated or closed; no tokens
     *     of this run are held
     */
    static List<Logits> forward(List<Turn> turns, SharedRun run, Depth depth) {
        return forward(turns, 0, new ArrayList<>(), run, depth);
    }

    /** Holds the sessions one by one, so that none is closed while the run writes into it. */
    private static List<Logits> forward(
            List<Turn> turns, int next, List<SharedRun.Sequence> held, SharedRun run, Depth depth) {
        if (next < turns.size()) {
            Turn turn = turns.get(next);
            DecoderSession session = turn.session();
            synchronized (session) {
                session.check(turn, depth);
                session.keptContext.begins(turn);
                InPlaceKeyValues place = (InPlaceKeyValues) session.keyValues;
                held.add(new SharedRun.Sequence(turn, session.length, place.whole()));
                return forward(turns, next + 1, held, run, depth);
            }
        }
        try {
            DecoderModel model = turns.get(0).session().model;
            List<SharedRun.Part> parts = run.run(held, depth, model.form(turns.get(0).length()));
            for (int i = 0; i < turns.size(); i++) {
                Turn turn = turns.get(i);
                turn.session().runs++;
                turn.session().ran(turn, turn.from(), turn.length(), depth, parts.get(i).skipped());
            }
            return parts.stream().map(SharedRun.Part::logits).toList();
        } catch (OrtException e) {
            if (run.terminated()) {
                throw new CancellationException("the model was closed");
            }
            throw new InferenceException(
                    "%s failed on new tokens of %d sessions: %s"
                            .formatted(
                                    turns.get(0).session().model.name(),
                                    turns.size(),
                                    e.getMessage()),
                    e);
        }
    }

    /**
     * Forgets the latest tokens.
     *
     * @param newLength tokens to keep, at most {@link #length()}
     * @throws IllegalStateException if the session is closed
     * @throws CancellationException if the model has a state that cannot be cut, so that the tokens
     *     to keep must be run again, and {@link #terminate()} was called
     */
    public synchronized void rollback(int newLength) {
        requireOpen();
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException(
                    "expected a length of 0 to %d, found %d".formatted(length, newLength));
        }
        if (newLength == length) {
            return;
        }
        keptContext.cut(newLength);
        if (newLength == 0 || model.decoder().canCut()) {
            keyValues.cut(length, newLength);
            length = newLength;
            history.cut(newLength);
        } else {
            runAgain(newLength);
        }
    }

    /** A state without a time axis has forgotten how it came about: go there again, as before. */
    private void runAgain(int newLength) {
        history.cut(newLength);
        List<EffortHistory.Span> spans = history.spans();
        keyValues.cut(length, 0);
        length = 0;
        history.cut(0);
        int[] kept = Arrays.copyOf(tokens, newLength);
        long gatedBefore = gated;
        long skippedBefore = skipped;
        for (int i = 0; i < spans.size(); i++) {
            int from = spans.get(i).from();
            int to = i + 1 < spans.size() ? spans.get(i + 1).from() : newLength;
            boolean skips = spans.get(i).full() == EffortHistory.Completeness.SKIPPED;
            int full = skips ? 0 : to - from;
            forward(
                    new Turn(this, kept, from, to, LogitRows.LAST, spans.get(i).effort(), full),
                    Depth.FULL);
        }
        gated = gatedBefore;
        skipped = skippedBefore;
    }

    /**
     * Copies keys and values of some tokens out.
     *
     * @param from first token
     * @param to one past the last token, at most {@link #length()}
     * @param target gets {@link DecoderModel#bytesPerToken()} bytes a token from its position on
     * @throws IllegalStateException if the session is closed, or the model has states that cannot
     *     be cut by tokens
     */
    public synchronized void save(int from, int to, ByteBuffer target) {
        requireOpen();
        requirePages();
        Objects.checkFromToIndex(from, to, length);
        keyValues.read(length, from, to, target);
    }

    /**
     * Appends tokens whose keys and values were saved: a run saved.
     *
     * @param source token ids
     * @param from first of them, at index {@link #length()} of the text
     * @param to one past the last of them
     * @param saved what {@link #save} copied out for them, read from its position on
     * @throws IllegalStateException as {@link #save}
     */
    public synchronized void restore(int[] source, int from, int to, ByteBuffer saved) {
        requireOpen();
        requirePages();
        Objects.checkFromToIndex(from, to, source.length);
        if (length + to - from > capacity) {
            throw new IllegalArgumentException(
                    "expected at most %d tokens after %d, found %d"
                            .formatted(capacity - length, length, to - from));
        }
        keptContext.forget();
        keyValues.append(length, length + to - from, saved);
        history.add(length, Effort.FULL, EffortHistory.Completeness.EXACT);
        remember(source, from, to - from);
    }

    /**
     * Returns a second session with the same tokens; the two go on independently.
     *
     * @throws IllegalStateException if the session or its model is closed
     */
    public synchronized DecoderSession fork() {
        requireOpen();
        DecoderSession twin = model.newSession(capacity);
        // The model knows it already, and may close it meanwhile.
        synchronized (twin) {
            twin.requireOpen();
            twin.keyValues.copyFrom(keyValues, length);
            twin.tokens = tokens.clone();
            twin.length = length;
            twin.history.copyFrom(history);
        }
        return twin;
    }

    /**
     * Ends a run that goes on now between two of its operators, and lets all later ones fail. May
     * be called from any thread.
     */
    public void terminate() {
        synchronized (terminateLock) {
            if (terminated) {
                return;
            }
            terminated = true;
            try {
                runOptions.setTerminate(true);
            } catch (OrtException e) {
                throw new InferenceException("could not end a run", e);
            }
        }
    }

    /** Ends a run that goes on now, and gives keys and values back to the model. */
    @Override
    public void close() {
        terminate();
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            steps.close();
            runOptions.close();
            model.release(this, keyValues);
        }
    }

    /** Returns a copy of logits, in this session's memory. */
    Logits keep(FloatBuffer values, int rows) {
        return steps.copy(values, rows, model.vocabularySize());
    }

    /** After close, keys and values belong to the model's next session. */
    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the session of " + model.name() + " is closed");
        }
    }

    private void requirePages() {
        if (!model.savesTokens()) {
            throw new IllegalStateException(
                    model.name() + " has states that cannot be cut by tokens");
        }
    }

    private void check(Turn turn, Depth depth) {
        if (depth == Depth.DRAFT && !model.drafts()) {
            throw new IllegalArgumentException(
                    model.name() + " holds no smaller model of itself to draft with");
        }
        model.requireGates(turn.effort(depth));
        int[] source = turn.tokens();
        int count = turn.length();
        if (count < 1 || length + count > capacity()) {
            throw new IllegalArgumentException(
                    "expected 1 to %d new tokens after %d, found %d"
                            .formatted(capacity() - length, length, count));
        }
        requireBlocks(turn, depth);
        for (int i = turn.from(); i < turn.to(); i++) {
            if (source[i] < 0 || source[i] >= model.vocabularySize()) {
                throw new IllegalArgumentException(
                        "token id %d is outside of the vocabulary of %d"
                                .formatted(source[i], model.vocabularySize()));
            }
        }
        requireRunning();
    }

    private void requireBlocks(Turn turn, Depth depth) {
        if (!turn.visibility().isCausal() && !model.seesBlocks()) {
            throw new IllegalArgumentException(
                    model.name()
                            + ": visibility: expected CAUSAL, as the graph's attention has no other, found a block; open a model made from a checkpoint");
        }
        for (int i = 0; i < turn.visibility().rows(); i++) {
            int place = turn.visibility().place(i);
            if (length + place >= model.contextLength()) {
                throw new IllegalArgumentException(
                        "%s: visibility: row %d: expected a place below %d behind %d tokens, found %d"
                                .formatted(
                                        model.name(),
                                        i,
                                        model.contextLength() - length,
                                        length,
                                        place));
            }
        }
        if (turn.context() != ContextAttention.COMPUTED
                && turn.length() > model.keptContextRows()) {
            throw new IllegalArgumentException(
                    "%s: context: expected at most %d new tokens whose attention is kept, found %d"
                            .formatted(model.name(), model.keptContextRows(), turn.length()));
        }
        keptContext.check(turn, length, depth);
    }

    private void requireRunning() {
        if (terminated) {
            throw new CancellationException("the session was terminated or closed");
        }
    }

    private Logits run(Turn turn, int from, int count, LogitRows rows, Depth depth) {
        requireRunning();
        OnnxTensor mask = null;
        try {
            Step step = steps.of(count, rows);
            Effort effort = turn.effort(depth);
            RunForm form = model.form(count);
            int full = turn.fullTokens(from, count);
            step.fill(turn.tokens(), from, length, depth, form, effort, full);
            step.fillSights(turn, length);
            if (model.decoder().mask() != null) {
                mask = step.mask(ones(), length + count);
            }
            keyValues.bind(step.inputs(), step.outputs(), length, count);
            runs++;
            model.ortSession()
                    .run(step.inputs(), Collections.emptySet(), step.outputs(), runOptions)
                    .close();
            keyValues.commit(length + count);
            ran(turn, from, count, depth, step.skipped(effort));
            return step.logits();
        } catch (OrtException e) {
            if (terminated) {
                throw new CancellationException("the session was terminated");
            }
            throw new InferenceException(
                    "%s failed on %d new tokens after %d: %s"
                            .formatted(model.name(), count, length, e.getMessage()),
                    e);
        } finally {
            if (mask != null) {
                mask.close();
            }
        }
    }

    private ByteBuffer ones() {
        if (ones == null) {
            DecoderInterface.Input mask = model.decoder().mask();
            if (mask == null) {
                throw new IllegalStateException("the model has no attention mask");
            }
            ByteBuffer buffer = Buffers.allocate((long) capacity() * mask.type().size);
            for (int i = 0; i < capacity(); i++) {
                Step.put(buffer, mask.type(), i, 1);
            }
            ones = buffer;
        }
        return ones;
    }

    private void ran(Turn turn, int from, int count, Depth depth, int left) {
        if (depth == Depth.DRAFT) {
            history.add(length, Effort.FULL, EffortHistory.Completeness.SKIPPED);
        } else {
            Effort effort = turn.effort();
            gated += (long) count * model.decoder().gates().gated();
            skipped += left;
            int full = effort.skipping() == null ? count : turn.fullTokens(from, count);
            if (full > 0) {
                history.add(length, effort, completeness(turn));
            }
            if (full < count) {
                history.add(length + full, effort, EffortHistory.Completeness.SKIPPED);
            }
        }
        keptContext.ran(turn, length, depth);
        remember(turn.tokens(), from, count);
    }

    private EffortHistory.Completeness completeness(Turn turn) {
        if (!turn.causal()) {
            return EffortHistory.Completeness.SEEN_OTHERWISE;
        }
        return model.gates().wholeRuns(turn.effort())
                ? EffortHistory.Completeness.EXACT
                : EffortHistory.Completeness.UNSKIPPED;
    }

    private void remember(int[] source, int from, int count) {
        if (length + count > tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(length + count, 2 * tokens.length));
        }
        System.arraycopy(source, from, tokens, length, count);
        length += count;
    }
}
