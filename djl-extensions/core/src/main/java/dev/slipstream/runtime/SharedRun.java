package dev.slipstream.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs new tokens of several sessions at once: the weights are read once for all of them. Its
 * buffers grow with the largest run and serve all later ones. For one thread at a time.
 */
final class SharedRun implements AutoCloseable {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final DecoderInterface decoder;
    private final @Nullable OnnxTensor nothing;
    private final OrtSession.RunOptions options;
    private volatile boolean terminated;
    private ByteBuffer ids = Buffers.allocate(0);
    private ByteBuffer positions = Buffers.allocate(0);
    private ByteBuffer logits = Buffers.allocate(0);
    private final ByteBuffer starts;
    private final ByteBuffer pasts;
    private final ByteBuffer draft = Buffers.allocate(1);
    private final ByteBuffer longRun = Buffers.allocate(1);
    private final GateBuffers gates;
    private final SightBuffers sights;

    /**
     * Constructs a run.
     *
     * @param nothing keys and values that stand where there is no sequence
     */
    SharedRun(
            OrtEnvironment environment,
            OrtSession session,
            DecoderInterface decoder,
            @Nullable OnnxTensor nothing)
            throws OrtException {
        this.environment = environment;
        this.session = session;
        this.decoder = decoder;
        this.nothing = nothing;
        this.options = new OrtSession.RunOptions();
        starts = Buffers.allocate((decoder.sequences() + 1) * (long) Integer.BYTES);
        pasts = Buffers.allocate(decoder.sequences() * (long) Integer.BYTES);
        gates = new GateBuffers(decoder);
        sights = new SightBuffers(decoder);
    }

    /** The keys and values that each turn's tokens go behind. */
    record Sequence(Turn turn, int past, OnnxTensor keysAndValues) {
        int rows() {
            return turn.rows() == LogitRows.ALL ? turn.length() : 1;
        }
    }

    /**
     * What a run gave to one turn.
     *
     * @param skipped sub-layers that were left out for its tokens
     */
    record Part(Logits logits, int skipped) {}

    /**
     * Runs the turns, at most {@link DecoderInterface#sequences()}, all of one form, and of one
     * effort but for what they skip.
     */
    List<Part> run(List<Sequence> sequences, Depth depth, RunForm form) throws OrtException {
        int tokens = sequences.stream().mapToInt(s -> s.turn().length()).sum();
        int rows = sequences.stream().mapToInt(Sequence::rows).sum();
        int size = decoder.vocabularySize();
        ids = Buffers.fitting(ids, (long) tokens * Long.BYTES);
        positions = Buffers.fitting(positions, (long) rows * Long.BYTES);
        logits = Buffers.fitting(logits, (long) rows * size * Float.BYTES);
        gates.reserve(tokens);
        gates.fillRun(sequences.get(0).turn().effort(depth));
        fill(sequences, tokens, depth);
        draft.put(0, (byte) (depth == Depth.DRAFT ? 1 : 0));
        longRun.put(0, form.flag());
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        List<OnnxTensor> made = new ArrayList<>();
        try {
            RunInputs run = new RunInputs(environment, inputs, made);
            put(run, decoder.ids(), ids, 1, tokens);
            put(run, decoder.logitPositions(), positions, rows);
            put(run, decoder.starts(), starts, decoder.sequences() + 1L);
            put(run, decoder.pasts(), pasts, decoder.sequences());
            sights.fill(sequences.stream().map(Sequence::turn).toList());
            sights.bind(run);
            put(run, decoder.draft(), draft);
            put(run, decoder.longRun(), longRun);
            for (int i = 0; i < decoder.sequences(); i++) {
                OnnxTensor used = i < sequences.size() ? sequences.get(i).keysAndValues() : nothing;
                inputs.put(RaggedAttention.KEYS_VALUES + i, Objects.requireNonNull(used));
            }
            OnnxTensor output = run.tensor(logits, OnnxJavaType.FLOAT, 1, rows, size);
            Map<String, OnnxValue> outputs = new LinkedHashMap<>();
            outputs.put(decoder.logits().name(), output);
            gates.bind(run, outputs, tokens);
            session.run(inputs, Set.of(), outputs, options).close();
        } finally {
            made.forEach(OnnxTensor::close);
        }
        return split(sequences, tokens, size, depth);
    }

    private void fill(List<Sequence> sequences, int tokens, Depth depth) {
        int token = 0;
        int row = 0;
        for (int i = 0; i < decoder.sequences(); i++) {
            starts.putInt(i * Integer.BYTES, token);
            if (i >= sequences.size()) {
                pasts.putInt(i * Integer.BYTES, 0);
                continue;
            }
            Sequence sequence = sequences.get(i);
            pasts.putInt(i * Integer.BYTES, sequence.past());
            Turn turn = sequence.turn();
            gates.fillRows(token, turn.length(), turn.effort(depth), turn.fullTokens());
            for (int k = turn.from(); k < turn.to(); k++) {
                ids.putLong(token * Long.BYTES, turn.tokens()[k]);
                token++;
            }
            for (int k = token - sequence.rows(); k < token; k++) {
                positions.putLong(row * Long.BYTES, k);
                row++;
            }
        }
        starts.putInt(decoder.sequences() * Integer.BYTES, tokens);
    }

    private List<Part> split(List<Sequence> sequences, int tokens, int size, Depth depth) {
        List<Part> results = new ArrayList<>();
        FloatBuffer all = logits.asFloatBuffer();
        int row = 0;
        int token = 0;
        for (Sequence sequence : sequences) {
            int rows = sequence.rows();
            Turn turn = sequence.turn();
            // Its own, as the next run may be of other sessions, in another thread.
            Logits own = turn.session().keep(all.slice(row * size, rows * size), rows);
            int skipped = gates.skipped(token, turn.length(), tokens, turn.effort(depth));
            results.add(new Part(own, skipped));
            row += rows;
            token += turn.length();
        }
        return results;
    }

    /** Ends a run that goes on now, and lets all later ones fail. */
    void terminate() {
        try {
            terminated = true;
            options.setTerminate(true);
        } catch (OrtException e) {
            throw new InferenceException("could not end a run", e);
        }
    }

    /** Tells whether a run failed because it was to end. */
    boolean terminated() {
        return terminated;
    }

    @Override
    public void close() {
        options.close();
    }

    private static void put(
            RunInputs inputs,
            DecoderInterface.@Nullable Input input,
            ByteBuffer buffer,
            long... shape)
            throws OrtException {
        if (input != null) {
            inputs.put(input.name(), buffer, input.type(), shape);
        }
    }
}
