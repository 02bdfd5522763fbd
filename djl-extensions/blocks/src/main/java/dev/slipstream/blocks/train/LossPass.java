package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import ai.djl.training.ParameterStore;
import dev.slipstream.blocks.Attending;
import dev.slipstream.blocks.DecoderBlock;
import java.util.List;
import java.util.function.Consumer;

/** What a recipe computes its losses with: the decoder, and an owner of the arrays. */
public final class LossPass {
    private final NDManager manager;
    private final DecoderBlock decoder;
    private final ParameterStore store;
    private final boolean training;
    private final Consumer<List<Loss>> taken;

    LossPass(
            NDManager manager,
            DecoderBlock decoder,
            ParameterStore store,
            boolean training,
            Consumer<List<Loss>> taken) {
        this.manager = manager;
        this.decoder = decoder;
        this.store = store;
        this.training = training;
        this.taken = taken;
    }

    /** Returns the owner of the arrays of this pass. */
    public NDManager manager() {
        return manager;
    }

    /** Returns the decoder. */
    public DecoderBlock decoder() {
        return decoder;
    }

    /**
     * Returns a pass of another decoder, which is not trained.
     *
     * @param other that this one learns from
     */
    LossPass of(DecoderBlock other) {
        return new LossPass(
                manager,
                other,
                new StepParameters(manager),
                false,
                losses -> {
                    throw new IllegalStateException("losses of a decoder that is not trained");
                });
    }

    /**
     * Hands over losses that one forward pass gave; their gradients are added to those of the step.
     *
     * @param losses all of them, since the pass is forgotten afterwards
     */
    public void take(Loss... losses) {
        taken.accept(List.of(losses));
    }

    /**
     * Runs the decoder up to the head.
     *
     * @param ids sequences of equal length
     * @param attending where their tokens stand and what they see
     * @return {@code [sequences * length, hidden]}
     */
    public NDArray hidden(int[][] ids, Attending attending) {
        int length = ids[0].length;
        long[] flat = new long[ids.length * length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = ids[i / length][i % length];
        }
        NDArray array = manager.create(flat, new Shape(ids.length, length));
        return decoder.hidden(store, array, attending, training)
                .reshape(flat.length, decoder.config().hiddenSize());
    }

    /**
     * Returns logits of some rows: the head is the widest matrix.
     *
     * @param hidden as {@link #hidden} gives it
     * @param rows which of its rows
     * @return {@code [rows, vocabulary]}
     */
    public NDArray logits(NDArray hidden, long[] rows) {
        NDArray chosen =
                Embedding.embedding(manager.create(rows), hidden, SparseFormat.DENSE)
                        .singletonOrThrow();
        return decoder.logits(store, chosen, training);
    }

    /**
     * Returns the negative logarithms of the probabilities of tokens, summed.
     *
     * @param hidden as {@link #hidden} gives it
     * @param predictions rows and the tokens that they should predict; one or more
     * @return a scalar
     */
    public NDArray surprise(NDArray hidden, Predictions predictions) {
        return surprise(logits(hidden, predictions.rows()), predictions.targets());
    }

    /**
     * Returns the negative logarithms of the probabilities of tokens, summed.
     *
     * @param logits {@code [rows, vocabulary]}
     * @param targets the token of each row
     * @return a scalar
     */
    NDArray surprise(NDArray logits, long[] targets) {
        NDArray indices = manager.create(targets, new Shape(targets.length, 1));
        return logits.logSoftmax(-1).gather(indices, 1).sum().neg();
    }
}
