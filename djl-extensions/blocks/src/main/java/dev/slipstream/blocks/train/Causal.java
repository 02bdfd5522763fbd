package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDArray;
import dev.slipstream.blocks.Attending;
import java.util.Arrays;

/** The loss of every language model: each token predicted from the ones before it. */
final class Causal {
    private Causal() {}

    /**
     * Runs a part of the sequences.
     *
     * @param windows the step's sequences
     * @param from the first of them to run
     * @param to one past the last of them
     * @param name of the loss
     * @param weight of the loss
     */
    static Loss loss(LossPass pass, int[][] windows, int from, int to, String name, double weight) {
        int length = windows[0].length;
        Attending attending = Attending.causal(pass.manager(), pass.decoder().config(), length);
        NDArray hidden = pass.hidden(Arrays.copyOfRange(windows, from, to), attending);
        NDArray surprise = pass.surprise(hidden, predictions(windows, from, to));
        return new Loss(name, weight, surprise, (double) windows.length * (length - 1));
    }

    /** Returns every token but the first of each sequence. */
    static Predictions predictions(int[][] windows, int from, int to) {
        int length = windows[0].length;
        Predictions predictions = new Predictions();
        for (int i = from; i < to; i++) {
            for (int p = 1; p < length; p++) {
                predictions.add((long) (i - from) * length + p - 1, windows[i][p]);
            }
        }
        return predictions;
    }
}
