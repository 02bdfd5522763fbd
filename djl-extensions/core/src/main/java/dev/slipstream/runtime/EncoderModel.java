package dev.slipstream.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;

/**
 * A sentence encoder that is open: texts of like meaning get vectors of like direction, for search
 * and for comparison. Safe for use by many threads.
 *
 * <p>Sequences run together, the shorter ones padded and masked. Which ones run together moves the
 * last bits of a vector and, where the graph quantises its activations (the int8 exports, one scale
 * for all that run together), a little more.
 */
public final class EncoderModel implements AutoCloseable {
    /**
     * The most tokens of a run, padding included, unless one sequence has more: the widest values
     * of a small encoder, of 1,536 floats a token, are 6 MB then.
     */
    private static final int TOKENS_TOGETHER = 1024;

    private final String name;
    private final OrtSession session;
    private final List<OnnxTensor> weights;
    private final EncoderInterface encoder;
    private final Pooling pooling;

    /** Held for writing by close: native code must not lose its memory while it runs. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();

    private boolean closed;

    private EncoderModel(String name, OrtSession session, List<OnnxTensor> weights, Pooling pooling)
            throws OrtException {
        this.name = name;
        this.session = session;
        this.weights = weights;
        this.pooling = pooling;
        this.encoder = EncoderInterface.of(session, name);
    }

    /**
     * Opens a graph with the inputs {@code input_ids}, {@code attention_mask} and, optionally,
     * {@code token_type_ids} and {@code position_ids}, each {@code [batch, length]}. Its output
     * {@code last_hidden_state} or, where none is so called, the first of three dimensions has the
     * vectors of the tokens, {@code [batch, length, size]}. Large initializers are used where they
     * lie, in direct or mapped memory.
     *
     * @param model an encoder
     * @param pooling how it was trained
     * @param options threads
     * @throws InferenceException if ONNX Runtime refuses the graph, or it is not an encoder
     */
    public static EncoderModel open(OnnxModel model, Pooling pooling, RuntimeOptions options) {
        List<OnnxTensor> weights = new ArrayList<>();
        OrtSession session = null;
        OnnxRuntime.start();
        Device device = options.device().resolve();
        try (OrtSession.SessionOptions settings =
                SessionSettings.settings(options.withDevice(device))) {
            session = SessionSettings.open(model, settings, weights, device);
            return new EncoderModel(model.name(), session, weights, pooling);
        } catch (OrtException | RuntimeException e) {
            InferenceException failure = InferenceException.opening(model.name(), e);
            if (session != null) {
                try {
                    session.close();
                } catch (OrtException suppressed) {
                    failure.addSuppressed(suppressed);
                }
            }
            weights.forEach(OnnxTensor::close);
            throw failure;
        }
    }

    /**
     * Tells whether a graph has the inputs and outputs of an encoder, and no others that it would
     * need: no keys and values, no gates.
     */
    public static boolean suits(OnnxModel graph) {
        return EncoderInterface.fits(graph);
    }

    /** Returns the model's name, for messages. */
    public String name() {
        return name;
    }

    /** Returns how the vectors of the tokens become one. */
    public Pooling pooling() {
        return pooling;
    }

    /**
     * Embeds sequences.
     *
     * @param sequences token ids, special tokens included; none empty
     * @return one vector a sequence, in their order, each of length 1 in the Euclidean norm
     * @throws IllegalStateException if the model is closed
     * @throws InferenceException if a run fails, such as on a sequence longer than the model's
     *     table of positions
     */
    public float[][] embed(List<int[]> sequences) {
        if (sequences.stream().anyMatch(sequence -> sequence.length == 0)) {
            throw new IllegalArgumentException(
                    "sequences: expected tokens in each, found an empty one; a tokenizer adds [CLS] and [SEP] to an empty text");
        }
        // Those of like length together: little padding.
        int[] order =
                IntStream.range(0, sequences.size())
                        .boxed()
                        .sorted(Comparator.comparingInt(i -> sequences.get(i).length))
                        .mapToInt(Integer::intValue)
                        .toArray();
        float[][] embeddings = new float[sequences.size()][];
        int to;
        for (int from = 0; from < order.length; from = to) {
            to = from + 1;
            while (to < order.length
                    && sequences.get(order[to]).length * (to + 1 - from) <= TOKENS_TOGETHER) {
                to++;
            }
            int[] together = IntStream.range(from, to).map(i -> order[i]).toArray();
            float[][] found = run(IntStream.of(together).mapToObj(sequences::get).toList());
            for (int i = 0; i < together.length; i++) {
                embeddings[together[i]] = found[i];
            }
        }
        return embeddings;
    }

    private float[][] run(List<int[]> sequences) {
        use.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException(name + " is closed");
            }
            int length = sequences.stream().mapToInt(sequence -> sequence.length).max().orElse(0);
            try (EncoderBatch batch =
                            new EncoderBatch(OnnxRuntime.start(), encoder, sequences, length);
                    OrtSession.Result result = session.run(batch.inputs(), encoder.output())) {
                return SentenceVectors.of((OnnxTensor) result.get(0), sequences, pooling);
            } catch (OrtException e) {
                throw new InferenceException(
                        "%s failed on %d sequences of up to %d tokens: %s"
                                .formatted(name, sequences.size(), length, e.getMessage()),
                        e);
            }
        } finally {
            use.readLock().unlock();
        }
    }

    /** Waits for the runs of now and frees the model; later ones fail. */
    @Override
    public void close() {
        use.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            try {
                session.close();
            } finally {
                weights.forEach(OnnxTensor::close);
            }
        } catch (OrtException e) {
            throw new InferenceException(name + ": could not be closed: " + e.getMessage(), e);
        } finally {
            use.writeLock().unlock();
        }
    }
}
