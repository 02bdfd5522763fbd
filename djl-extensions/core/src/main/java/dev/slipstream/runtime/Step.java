package dev.slipstream.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The inputs and outputs of a run over a given number of new tokens, made once and filled anew for
 * each run: a token costs no tensor and no map of its own.
 */
final class Step implements AutoCloseable {
    private static final ByteBuffer NOTHING = Buffers.allocate(0);

    private final OrtEnvironment environment;
    private final DecoderInterface decoder;
    private final int tokens;
    private final int rows;
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    private final Map<String, OnnxValue> outputs = new LinkedHashMap<>();
    private final List<OnnxTensor> owned = new ArrayList<>();
    private final ByteBuffer ids;
    private final ByteBuffer positions;
    private final ByteBuffer lastPositions;
    private final ByteBuffer totalLength;
    private final ByteBuffer starts;
    private final ByteBuffer pasts;
    private final ByteBuffer draft;
    private final ByteBuffer longRun;
    private final GateBuffers gates;
    private final @Nullable SightBuffers sights;
    private final @Nullable PortableSights portableSights;
    private final List<OnnxTensor> seen = new ArrayList<>();
    private boolean causal;
    private final ByteBuffer rawLogits;
    private final Logits logits;

    Step(
            OrtEnvironment environment,
            DecoderInterface decoder,
            int tokens,
            LogitRows wanted,
            Steps room)
            throws OrtException {
        this.environment = environment;
        this.decoder = decoder;
        this.tokens = tokens;
        this.rows = wanted == LogitRows.ALL ? tokens : 1;
        try {
            ids = input(decoder.ids(), tokens, 1, tokens);
            positions = optional(decoder.positions(), tokens, 1, tokens);
            lastPositions = optional(decoder.lastPositions(), 1, 1);
            totalLength = optional(decoder.totalLength(), 1);
            starts = optional(decoder.starts(), decoder.sequences() + 1, decoder.sequences() + 1);
            pasts = optional(decoder.pasts(), decoder.sequences(), decoder.sequences());
            draft = optional(decoder.draft(), 1);
            longRun = optional(decoder.longRun(), 1);
            gates = new GateBuffers(decoder);
            gates.reserve(tokens);
            gates.bind(new RunInputs(environment, inputs, owned), outputs, tokens);
            sights = decoder.ragged() ? new SightBuffers(decoder) : null;
            portableSights =
                    decoder.sees() && !decoder.ragged()
                            ? new PortableSights(decoder, tokens)
                            : null;
            if (portableSights != null) {
                portableSights.bind(new RunInputs(environment, inputs, owned));
            }
            rawLogits = logitsBuffer(room);
            logits = wantedRows(room);
            fillOnce();
        } catch (OrtException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Pins the output: all rows, or only those wanted where the graph can choose. */
    private ByteBuffer logitsBuffer(Steps room) throws OrtException {
        int computed = decoder.choosesRows() ? rows : tokens;
        int size = decoder.vocabularySize();
        DecoderInterface.Input output = decoder.logits();
        ByteBuffer buffer = room.written((long) computed * size * output.type().size);
        outputs.put(output.name(), own(buffer, output.type(), new long[] {1, computed, size}));
        return buffer;
    }

    /** Returns the wanted rows as floats: the output itself, or room for its conversion. */
    private Logits wantedRows(Steps room) {
        int size = decoder.vocabularySize();
        DecoderInterface.Input output = decoder.logits();
        int skipped = rawLogits.capacity() / output.type().size - rows * size;
        FloatBuffer values =
                output.type() == OnnxJavaType.FLOAT
                        ? rawLogits.asFloatBuffer().slice(skipped, rows * size)
                        : room.converted((long) rows * size * Float.BYTES).asFloatBuffer();
        return new Logits(values, rows, size);
    }

    /** Fills the inputs that are the same for every run of this many tokens. */
    private void fillOnce() throws OrtException {
        if (decoder.logitPositions() != null) {
            ByteBuffer buffer = input(decoder.logitPositions(), rows, rows);
            for (int i = 0; i < rows; i++) {
                put(buffer, decoder.logitPositions().type(), i, tokens - rows + i);
            }
        }
        if (decoder.keptLogits() != null) {
            put(input(decoder.keptLogits(), 1), decoder.keptLogits().type(), 0, rows);
        }
        if (decoder.cacheBranch() != null) {
            input(decoder.cacheBranch(), 1, 1);
        }
        if (decoder.attentionRows() != null && decoder.keptRows() != null) {
            int seen = decoder.attentionRows(tokens);
            ByteBuffer all = input(decoder.attentionRows(), seen, seen);
            ByteBuffer kept = input(decoder.keptRows(), tokens, tokens);
            for (int i = 0; i < seen; i++) {
                put(all, decoder.attentionRows().type(), i, Math.min(i, tokens - 1));
            }
            for (int i = 0; i < tokens; i++) {
                put(kept, decoder.keptRows().type(), i, i);
            }
        }
    }

    /** Tells whether this step is for so many new tokens and these rows. */
    boolean fits(int count, LogitRows wanted) {
        return tokens == count && rows == (wanted == LogitRows.ALL ? count : 1);
    }

    /**
     * Fills the inputs for a run.
     *
     * @param past tokens that are held
     * @param form which of the weights to use, where there are two forms
     * @param effort how much of the model is computed
     * @param full how many of the tokens skip nothing
     */
    void fill(int[] source, int from, int past, Depth depth, RunForm form, Effort effort, int full)
            throws OrtException {
        for (int i = 0; i < tokens; i++) {
            put(ids, decoder.ids().type(), i, source[from + i]);
        }
        if (decoder.positions() != null) {
            for (int i = 0; i < tokens; i++) {
                put(positions, decoder.positions().type(), i, past + i);
            }
        }
        int seen = decoder.attentionRows(tokens);
        if (decoder.lastPositions() != null) {
            put(lastPositions, decoder.lastPositions().type(), 0, past + seen - 1);
        }
        if (decoder.totalLength() != null) {
            put(totalLength, decoder.totalLength().type(), 0, past + seen);
        }
        if (decoder.starts() != null) {
            for (int i = 1; i <= decoder.sequences(); i++) {
                starts.putInt(i * Integer.BYTES, tokens);
            }
            pasts.putInt(0, past);
        }
        if (decoder.draft() != null) {
            draft.put(0, (byte) (depth == Depth.DRAFT ? 1 : 0));
        }
        if (decoder.longRun() != null) {
            longRun.put(0, form.flag());
        }
        gates.fillRun(effort);
        gates.fillRows(0, tokens, effort, full);
        if (decoder.cacheBranch() != null) {
            OnnxTensor flag = inputs.get(decoder.cacheBranch().name());
            flag.getBufferRef().ifPresent(b -> ((ByteBuffer) b).put(0, (byte) (past > 0 ? 1 : 0)));
        }
    }

    /**
     * Fills the inputs that say what the new tokens of a turn see.
     *
     * @param past tokens that are held
     */
    void fillSights(Turn turn, int past) throws OrtException {
        if (portableSights != null) {
            portableSights.fill(turn.visibility(), turn.context(), past);
        }
        if (causal && turn.causal()) {
            return;
        }
        if (portableSights != null) {
            portableSights.fillSights(turn.visibility());
        }
        if (sights != null) {
            seen.forEach(OnnxTensor::close);
            seen.clear();
            sights.fill(List.of(turn));
            sights.bind(new RunInputs(environment, inputs, seen));
        }
        causal = turn.causal();
    }

    /** Puts a mask of ones over past and new tokens into the inputs; the caller closes it. */
    OnnxTensor mask(ByteBuffer ones, int length) throws OrtException {
        DecoderInterface.Input mask = decoder.mask();
        if (mask == null) {
            throw new IllegalStateException("the model has no attention mask");
        }
        ByteBuffer view = ones.slice(0, length * mask.type().size).order(ones.order());
        OnnxTensor tensor =
                OnnxTensor.createTensor(environment, view, new long[] {1, length}, mask.type());
        inputs.put(mask.name(), tensor);
        return tensor;
    }

    /** Puts an empty sequence into the places of those that could share the run. */
    void leaveAlone(OnnxTensor nothing) {
        for (int i = 1; i < decoder.sequences(); i++) {
            inputs.put(RaggedAttention.KEYS_VALUES + i, nothing);
        }
    }

    Map<String, OnnxTensor> inputs() {
        return inputs;
    }

    Map<String, OnnxValue> outputs() {
        return outputs;
    }

    /** Returns how many sub-layers the run that just ended left out. */
    int skipped(Effort effort) {
        return gates.skipped(0, tokens, tokens, effort);
    }

    /** Returns the logits of the run that just ended, as floats. */
    Logits logits() {
        if (decoder.logits().type() != OnnxJavaType.FLOAT) {
            int skipped = rawLogits.capacity() / Short.BYTES - logits.values().capacity();
            for (int i = 0; i < logits.values().capacity(); i++) {
                short half = rawLogits.getShort((skipped + i) * Short.BYTES);
                logits.values().put(i, HalfFloats.toFloat(half));
            }
        }
        return logits;
    }

    static void put(ByteBuffer buffer, OnnxJavaType type, int index, int value) {
        switch (type) {
            case INT64 -> buffer.putLong(index * Long.BYTES, value);
            case INT32 -> buffer.putInt(index * Integer.BYTES, value);
            case FLOAT -> buffer.putFloat(index * Float.BYTES, value);
            case FLOAT16 -> buffer.putShort(index * Short.BYTES, HalfFloats.ofInt(value));
            default ->
                    throw new InferenceException(
                            "an input of type " + type + "; expected INT64, INT32 or floats");
        }
    }

    @Override
    public void close() {
        owned.forEach(OnnxTensor::close);
        seen.forEach(OnnxTensor::close);
    }

    private ByteBuffer optional(DecoderInterface.@Nullable Input input, int elements, long... shape)
            throws OrtException {
        return input == null ? NOTHING : input(input, elements, shape);
    }

    private ByteBuffer input(DecoderInterface.Input input, int elements, long... shape)
            throws OrtException {
        ByteBuffer buffer = Buffers.allocate((long) elements * input.type().size);
        inputs.put(input.name(), own(buffer, input.type(), shape));
        return buffer;
    }

    private OnnxTensor own(ByteBuffer buffer, OnnxJavaType type, long[] shape) throws OrtException {
        OnnxTensor tensor = OnnxTensor.createTensor(environment, buffer, shape, type);
        owned.add(tensor);
        return tensor;
    }
}
