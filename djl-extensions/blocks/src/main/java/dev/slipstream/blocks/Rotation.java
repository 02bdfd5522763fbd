package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.slipstream.checkpoint.DecoderConfig;

/**
 * Turns the first half of each head against the second by the angle of its position (rotary
 * embedding: Su and others, 2021).
 *
 * @param cos {@code [n, headSize/2]}
 * @param sin {@code [n, headSize/2]}
 */
public record Rotation(NDArray cos, NDArray sin) {
    /**
     * Returns the rotation of some positions, which may repeat and come in any order.
     *
     * @param manager owns the two arrays
     * @param config the decoder's head size and scaling
     * @param positions of the tokens, from 0
     */
    public static Rotation of(NDManager manager, DecoderConfig config, int[] positions) {
        double[] frequencies = config.rotary().frequencies(config.headSize());
        double factor = config.rotary().attentionFactor();
        float[] cos = new float[positions.length * frequencies.length];
        float[] sin = new float[cos.length];
        int i = 0;
        for (int position : positions) {
            for (double frequency : frequencies) {
                cos[i] = (float) (Math.cos(position * frequency) * factor);
                sin[i++] = (float) (Math.sin(position * frequency) * factor);
            }
        }
        Shape shape = new Shape(positions.length, frequencies.length);
        return new Rotation(manager.create(cos, shape), manager.create(sin, shape));
    }

    /**
     * Turns heads.
     *
     * @param heads {@code [batch, heads, n, headSize]}
     */
    NDArray turn(NDArray heads) {
        NDList halves = heads.split(2, 3);
        NDArray first = halves.get(0);
        NDArray second = halves.get(1);
        return first.mul(cos).sub(second.mul(sin)).concat(second.mul(cos).add(first.mul(sin)), 3);
    }
}
