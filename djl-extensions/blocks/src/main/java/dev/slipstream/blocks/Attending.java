package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.slipstream.checkpoint.DecoderConfig;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where the tokens of a pass stand and what they see; the same for every layer and every sequence
 * of a batch.
 *
 * @param rotation by the tokens' positions
 * @param spans cover all queries, in their order
 */
public record Attending(Rotation rotation, List<AttentionSpan> spans) {
    /** Checks that there is a span. */
    public Attending {
        spans = List.copyOf(spans);
        if (spans.isEmpty()) {
            throw new IllegalArgumentException("expected a span of attention, found none");
        }
    }

    /**
     * Returns positions 0, 1, 2, … of which each sees itself and those before it.
     *
     * @param manager owns the arrays
     * @param config the decoder's head size and angles
     * @param length number of tokens
     */
    public static Attending causal(NDManager manager, DecoderConfig config, int length) {
        boolean[][] mask = new boolean[length][length];
        for (int query = 0; query < length; query++) {
            for (int key = 0; key <= query; key++) {
                mask[query][key] = true;
            }
        }
        return masked(manager, config, IntStream.range(0, length).toArray(), mask);
    }

    /**
     * Returns any positions under any mask.
     *
     * @param manager owns the arrays
     * @param config the decoder's head size and angles
     * @param positions of the tokens, from 0; they may repeat
     * @param mask rows are queries, columns are keys; true where the key is seen
     * @throws IllegalArgumentException if a token sees nothing
     */
    public static Attending masked(
            NDManager manager, DecoderConfig config, int[] positions, boolean[][] mask) {
        int length = positions.length;
        return new Attending(
                Rotation.of(manager, config, positions),
                List.of(AttentionSpan.of(manager, mask, 0, length, length)));
    }

    /** Returns what a block's inputs say: cosines, sines and one bias for all. */
    static Attending of(NDList inputs) {
        NDArray bias = inputs.get(3);
        int length = Math.toIntExact(bias.getShape().get(0));
        return new Attending(
                new Rotation(inputs.get(1), inputs.get(2)),
                List.of(new AttentionSpan(length, length, bias)));
    }

    /** Returns the biases of the spans. */
    List<NDArray> biases() {
        return spans.stream().map(AttentionSpan::bias).toList();
    }
}
