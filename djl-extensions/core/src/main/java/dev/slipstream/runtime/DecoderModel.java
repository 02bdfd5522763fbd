package dev.slipstream.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.OnnxModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A decoder that is open: one ONNX Runtime session, whose weights all {@link DecoderSession}s
 * share. Safe for use by many threads.
 */
public final class DecoderModel implements AutoCloseable {
    /** Prompts go in by pieces of at most this many tokens. */
    private static final int PREFILL_CHUNK = 512;

    /** The most bytes of logits that a piece of a prompt may cost where all rows are computed. */
    private static final int LOGIT_BYTES = 1 << 26;

    private final OpenSession opened;
    private final OrtEnvironment environment;
    private final DecoderInterface decoder;
    private final int contextLength;
    private final @Nullable OnnxTensor nothing;
    private final SharedRun shared;
    private final KeyValuePool pool;
    private final int keptContextRows;
    private final Set<DecoderSession> sessions = ConcurrentHashMap.newKeySet();
    private volatile int longRunsFrom = Integer.MAX_VALUE;
    private boolean closed;

    private DecoderModel(OpenSession opened, int contextLength, RuntimeOptions options)
            throws OrtException {
        this.opened = opened;
        this.environment = OnnxRuntime.start();
        this.contextLength = contextLength;
        this.decoder = DecoderInterface.of(opened.session(), opened.notes(), opened.name());
        this.keptContextRows = decoder.keepsContext() ? options.keptContextRows() : 0;
        int twins = decoder.attentionRows(1) - 1;
        this.pool =
                new KeyValuePool(
                        environment,
                        decoder,
                        contextLength,
                        options.keptBuffers(),
                        twins + decoder.group() * keptContextRows);
        this.nothing = decoder.ragged() ? nothing(environment, decoder.states().get(0)) : null;
        this.shared = new SharedRun(environment, opened.session(), decoder, nothing);
    }

    /**
     * Opens a graph. Its large initializers are used where they lie, in direct or mapped memory;
     * only what ONNX Runtime packs for its kernels is private to the model.
     *
     * @param model a decoder
     * @param contextLength the most tokens of a session
     * @param options threads and buffers
     * @throws InferenceException if ONNX Runtime refuses the graph, or it is not a decoder
     */
    public static DecoderModel open(OnnxModel model, int contextLength, RuntimeOptions options) {
        return open(model, contextLength, options, null);
    }

    /**
     * Opens a graph as {@link #open(OnnxModel, int, RuntimeOptions)}, and leaves behind what {@link
     * #reopen} opens in less time.
     *
     * @param model a decoder
     * @param contextLength the most tokens of a session
     * @param options threads and buffers
     * @param saved an empty directory; null leaves nothing behind
     * @throws InferenceException if ONNX Runtime refuses the graph, it is not a decoder, or the
     *     directory cannot be written
     */
    public static DecoderModel open(
            OnnxModel model, int contextLength, RuntimeOptions options, @Nullable Path saved) {
        return opened(OpenSession.of(model, contextLength, options, saved), contextLength, options);
    }

    /**
     * Opens an ONNX file as it is; ONNX Runtime maps its external data itself.
     *
     * @param file a decoder
     * @param contextLength the most tokens of a session
     * @param options threads and buffers
     * @throws InferenceException if ONNX Runtime refuses the file, or it is not a decoder
     */
    public static DecoderModel open(Path file, int contextLength, RuntimeOptions options) {
        return open(file, contextLength, options, null);
    }

    /**
     * Opens an ONNX file as {@link #open(Path, int, RuntimeOptions)}, and leaves behind what {@link
     * #reopen} opens in less time.
     *
     * @param file a decoder
     * @param contextLength the most tokens of a session
     * @param options threads and buffers
     * @param saved an empty directory; null leaves nothing behind
     * @throws InferenceException if ONNX Runtime refuses the file, it is not a decoder, or the
     *     directory cannot be written
     */
    public static DecoderModel open(
            Path file, int contextLength, RuntimeOptions options, @Nullable Path saved) {
        return opened(OpenSession.of(file, options, saved), contextLength, options);
    }

    /**
     * Opens what an earlier {@code open} left behind. ONNX Runtime maps weights and what was packed
     * of them, and packs nothing anew.
     *
     * @param saved the directory
     * @param contextLength as it was opened with
     * @param options as it was opened with, but for threads, spinning and buffers
     * @throws InferenceException if the directory cannot be read, or ONNX Runtime refuses it
     */
    public static DecoderModel reopen(Path saved, int contextLength, RuntimeOptions options) {
        return opened(OpenSession.saved(saved, options), contextLength, options);
    }

    private static DecoderModel opened(
            OpenSession session, int contextLength, RuntimeOptions options) {
        try {
            return new DecoderModel(session, contextLength, options);
        } catch (OrtException | RuntimeException e) {
            session.close();
            throw InferenceException.opening(session.name(), e);
        }
    }

    /** Returns the model's name, for messages. */
    public String name() {
        return opened.name();
    }

    /**
     * Returns what computes: ONNX Runtime's version, with a mark for each part that Slipstream's
     * native operators do, attention and deciding on skipped feed-forwards, or for the GPU. Another
     * one gives a token's keys and values other bits.
     */
    public String runtime() {
        return OnnxRuntime.version()
                + (decoder.ragged() ? "+" + RaggedAttention.VERSION : "")
                + opened.marks();
    }

    /** Returns the most tokens of a session. */
    public int contextLength() {
        return contextLength;
    }

    /** Returns the number of token ids. */
    public int vocabularySize() {
        return decoder.vocabularySize();
    }

    /** Tells whether the model can run the part of itself that drafts, {@link Depth#DRAFT}. */
    public boolean drafts() {
        return decoder.draft() != null;
    }

    /**
     * Tells whether the new tokens of a turn may see each other in other ways than {@link
     * Visibility#CAUSAL}.
     */
    public boolean seesBlocks() {
        return decoder.sees();
    }

    /**
     * Returns for how many new tokens of a turn {@link ContextAttention#KEPT} is possible; 0 if it
     * is not.
     */
    public int keptContextRows() {
        return keptContextRows;
    }

    /** Tells whether the model has a second form of its weights, for many new tokens at once. */
    public boolean hasTwoForms() {
        return decoder.longRun() != null;
    }

    /**
     * Returns from how many new tokens on a turn is run in the form for many; {@link
     * Integer#MAX_VALUE} if none is, as at first.
     */
    public int longRunsFrom() {
        return longRunsFrom;
    }

    /**
     * Chooses which turns are run in the form for many. Two forms give a token different logits,
     * keys and values, and what a session holds may come from both.
     *
     * @param tokens new ones of a turn, from which on it is run in that form, at least 2
     * @throws IllegalStateException unless the model {@link #hasTwoForms()}
     */
    public void runLongFrom(int tokens) {
        if (tokens < 2) {
            throw new IllegalArgumentException("tokens: expected 2 or more, found " + tokens);
        }
        if (!hasTwoForms()) {
            throw new IllegalStateException(name() + " has one form of its weights only");
        }
        longRunsFrom = tokens;
    }

    RunForm form(int tokens) {
        return tokens >= longRunsFrom ? RunForm.LONG : RunForm.SHORT;
    }

    /** Returns what is noted in the model's file, by name; not any more after it is closed. */
    public Map<String, String> metadata() {
        try {
            return opened.session().getMetadata().getCustomMetadata();
        } catch (OrtException e) {
            throw InferenceException.opening(name(), e);
        }
    }

    /** Returns what of the model can be left out, by {@link Turn#effort()}. */
    public GateNotes gates() {
        return decoder.notes();
    }

    /**
     * Returns for how many layers {@link Effort#widths()} chooses; 0 if the model has one width.
     */
    public int widthLayers() {
        return decoder.gates().layers();
    }

    /** Tells whether sessions can {@link DecoderSession#save save} single tokens. */
    public boolean savesTokens() {
        return decoder.canCut();
    }

    /** Returns the bytes of keys and values that a token takes. */
    public long bytesPerToken() {
        return decoder.bytesPerToken();
    }

    /**
     * Returns the bytes of native memory that a session's keys, values and other states take.
     *
     * @param capacity the most tokens that it will hold, 1 to {@link #contextLength()}
     */
    public long sessionBytes(int capacity) {
        return decoder.sessionBytes(pool.rounded(capacity));
    }

    /**
     * Runs new tokens of several sessions, together where the graph can: turns whose efforts differ
     * in more than what they skip run one after the other, and so do long and short turns of a
     * model with {@linkplain #hasTwoForms() two forms}. It is a turn's own tokens that count: what
     * others ask for at the same time changes no bits.
     *
     * @param turns at most one a session
     * @param depth how much of the model to run
     * @return the logits of each turn, valid until the next run of its session
     * @throws IllegalArgumentException if a session comes twice or is of another model
     * @throws java.util.concurrent.CancellationException if a session was terminated; its tokens
     *     are not held, and perhaps not those of other turns
     */
    public List<Logits> forward(List<Turn> turns, Depth depth) {
        requireOwnOnce(turns);
        Map<Kind, List<Integer>> alike = new LinkedHashMap<>();
        for (int i = 0; i < turns.size(); i++) {
            Turn turn = turns.get(i);
            Kind kind = new Kind(turn.effort(depth).withoutSkipping(), form(turn.length()));
            alike.computeIfAbsent(kind, one -> new ArrayList<>()).add(i);
        }
        Logits[] results = new Logits[turns.size()];
        for (List<Integer> group : alike.values()) {
            for (int from = 0; from < group.size(); from += decoder.sequences()) {
                int to = Math.min(group.size(), from + decoder.sequences());
                List<Integer> some = group.subList(from, to);
                List<Logits> logits = together(some.stream().map(turns::get).toList(), depth);
                for (int i = 0; i < logits.size(); i++) {
                    results[some.get(i)] = logits.get(i);
                }
            }
        }
        return List.of(results);
    }

    /**
     * Runs new tokens of one session, all of the model or as much as their effort says.
     *
     * @param turn of this model
     * @return the logits, valid until the next run of the session
     * @throws IllegalArgumentException if the session is of another model, or this one does not
     *     have the effort's gates
     * @throws java.util.concurrent.CancellationException if the session was terminated
     */
    public Logits forward(Turn turn) {
        requireOwn(turn);
        return turn.session().forward(turn, Depth.FULL);
    }

    /** What turns must have in common to share a run. */
    private record Kind(Effort effort, RunForm form) {}

    private List<Logits> together(List<Turn> turns, Depth depth) {
        if (turns.size() > 1) {
            synchronized (shared) {
                return DecoderSession.forward(turns, shared, depth);
            }
        }
        return List.of(turns.get(0).session().forward(turns.get(0), depth));
    }

    private void requireOwnOnce(List<Turn> turns) {
        Set<DecoderSession> seen = new HashSet<>();
        for (Turn turn : turns) {
            requireOwn(turn);
            if (!seen.add(turn.session())) {
                throw new IllegalArgumentException(
                        name()
                                + ": turns: expected each session once, found one twice; run its tokens one after the other");
            }
        }
    }

    private void requireOwn(Turn turn) {
        if (turn.session().model() != this) {
            throw new IllegalArgumentException(
                    "turns: expected sessions of the open model %s, found one of %s"
                            .formatted(name(), turn.session().model().name()));
        }
    }

    /** Returns the most sessions whose tokens share a run of the graph. */
    public int sharedSequences() {
        return decoder.sequences();
    }

    /**
     * Returns a session of {@link #contextLength()} tokens; its owner closes it.
     *
     * @throws IllegalStateException if the model is closed
     * @throws InferenceException if there is no memory for it
     */
    public DecoderSession newSession() {
        return newSession(contextLength);
    }

    /**
     * Returns a session without tokens; its owner closes it.
     *
     * @param capacity the most tokens that it will hold, 1 to {@link #contextLength()}
     * @throws IllegalStateException if the model is closed
     * @throws InferenceException if there is no memory for it
     */
    public DecoderSession newSession(int capacity) {
        if (capacity < 1 || capacity > contextLength) {
            throw new IllegalArgumentException(
                    "expected a capacity of 1 to %d tokens, found %d"
                            .formatted(contextLength, capacity));
        }
        try {
            DecoderSession result = new DecoderSession(this, capacity, pool.acquire(capacity));
            if (register(result)) {
                return result;
            }
            result.close();
            throw closedAlready();
        } catch (OrtException e) {
            throw new InferenceException(name() + ": no session: " + e.getMessage(), e);
        }
    }

    /** Ends all runs, closes all sessions, and frees the model. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        shared.terminate();
        List.copyOf(sessions).forEach(DecoderSession::close);
        pool.close();
        try {
            shared.close();
            if (nothing != null) {
                nothing.close();
            }
        } finally {
            opened.close();
        }
    }

    DecoderInterface decoder() {
        return decoder;
    }

    void requireGates(Effort effort) {
        if (!effort.full()) {
            decoder.notes().check(effort, decoder.gates().layers(), name());
        }
    }

    OrtSession ortSession() {
        return opened.session();
    }

    int prefillChunk() {
        if (decoder.choosesRows()) {
            return PREFILL_CHUNK;
        }
        int fitting = LOGIT_BYTES / (decoder.vocabularySize() * Float.BYTES);
        return Math.max(1, Math.min(PREFILL_CHUNK, fitting));
    }

    Step newStep(int tokens, LogitRows rows, Steps room) throws OrtException {
        Step step = new Step(environment, decoder, tokens, rows, room);
        if (nothing != null) {
            step.leaveAlone(nothing);
        }
        return step;
    }

    void release(DecoderSession from, KeyValues keyValues) {
        sessions.remove(from);
        pool.release(keyValues);
    }

    /** The model may have been closed since: no session may outlive it unseen. */
    private synchronized boolean register(DecoderSession opened) {
        return !closed && sessions.add(opened);
    }

    private IllegalStateException closedAlready() {
        return new IllegalStateException(name() + " is closed");
    }

    private static OnnxTensor nothing(OrtEnvironment environment, DecoderInterface.State state)
            throws OrtException {
        long bytes = (long) state.outer() * state.inner() * state.type().size;
        return OnnxTensor.createTensor(
                environment, Buffers.allocate(bytes), state.at(1), state.type());
    }
}
