package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;

/** What a decoder answers at every position. */
final class Logits {
    private static final int CONTEXT = 64;

    private Logits() {}

    static float[][] of(OnnxModel graph, int[] tokens) {
        try (DecoderModel model = DecoderModel.open(graph, CONTEXT, RuntimeOptions.defaults());
                DecoderSession session = model.newSession()) {
            float[][] rows = new float[tokens.length][model.vocabularySize()];
            var logits = session.forward(tokens, LogitRows.ALL);
            for (int i = 0; i < rows.length; i++) {
                logits.row(i).get(rows[i]);
            }
            return rows;
        }
    }

    /** Returns the length of the difference as a part of the length of what is expected. */
    static double difference(float[][] found, float[][] expected) {
        double error = 0;
        double size = 0;
        for (int row = 0; row < expected.length; row++) {
            for (int i = 0; i < expected[row].length; i++) {
                error += Math.pow(found[row][i] - expected[row][i], 2);
                size += Math.pow(expected[row][i], 2);
            }
        }
        return Math.sqrt(error / size);
    }
}
