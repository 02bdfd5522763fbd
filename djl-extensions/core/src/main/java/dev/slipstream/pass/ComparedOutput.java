package dev.slipstream.pass;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.GraphProbe;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which value of a model is compared when sub-layers go, and how: a decoder's logits, an encoder's
 * embedding of the whole sequence.
 *
 * @param value name of a value of the graph, {@code [1, tokens, width]} or {@code [1, width]}
 * @param reading what its rows are
 */
public record ComparedOutput(String value, Reading reading) {
    private static final String HIDDEN = "last_hidden_state";

    /** What the rows of an output are. */
    public enum Reading {
        /** Logits of each token: distributions over a vocabulary. */
        LOGITS,
        /** The mean over the tokens: a sentence's embedding. */
        MEAN_OF_TOKENS,
        /** The first token's row, as BERT's {@code [CLS]}: a sentence's embedding. */
        FIRST_TOKEN
    }

    /**
     * Returns what a model is compared by: its logits or else its {@code last_hidden_state} or
     * first output.
     *
     * @param graph a decoder or an encoder
     * @param pooling what an encoder's embedding is; null takes what the graph notes or else the
     *     mean
     */
    public static ComparedOutput of(OnnxModel graph, @Nullable Pooling pooling) {
        List<String> outputs = graph.outputs().stream().map(output -> output.getName()).toList();
        if (outputs.contains("logits")) {
            return new ComparedOutput("logits", Reading.LOGITS);
        }
        if (outputs.isEmpty()) {
            throw new PassException(
                    "%s: expected an output logits, or another one that is an embedding, found %s"
                            .formatted(graph.name(), outputs));
        }
        Pooling known = pooling == null ? Pooling.noted(graph) : pooling;
        return new ComparedOutput(
                outputs.contains(HIDDEN) ? HIDDEN : outputs.get(0),
                known == Pooling.CLS ? Reading.FIRST_TOKEN : Reading.MEAN_OF_TOKENS);
    }

    /** Returns the distance for an output of this kind where none is asked for. */
    OutputDistance usualDistance() {
        return reading == Reading.LOGITS ? OutputDistance.JS : OutputDistance.ANGULAR;
    }

    /**
     * Checks that a distance makes sense for it.
     *
     * @throws PassException if it compares distributions and these are none
     */
    void requireComparable(OutputDistance distance) {
        if (reading != Reading.LOGITS && distance.ofDistributions()) {
            throw new PassException(
                    "output %s: expected the distance angular or norm, as it is an embedding, found %s, which compares distributions over a vocabulary"
                            .formatted(value, distance));
        }
    }

    /** Reads the rows of one sequence; valid as long as the value is. */
    OutputRows rows(GraphProbe.Value shown) {
        List<Long> shape = shown.shape();
        int width = Math.toIntExact(shape.get(shape.size() - 1));
        int rows = shown.floats().limit() / width;
        OutputRows all = new OutputRows(rows, width, shown.floats());
        return switch (reading) {
            case LOGITS -> all;
            case MEAN_OF_TOKENS -> mean(all);
            case FIRST_TOKEN -> new OutputRows(1, width, shown.floats());
        };
    }

    private static OutputRows mean(OutputRows all) {
        double[] sums = new double[all.width()];
        float[] row = new float[all.width()];
        for (int i = 0; i < all.rows(); i++) {
            all.row(i, row);
            for (int j = 0; j < row.length; j++) {
                sums[j] += row[j];
            }
        }
        for (int j = 0; j < row.length; j++) {
            row[j] = (float) (sums[j] / all.rows());
        }
        return new OutputRows(1, row.length, FloatBuffer.wrap(row));
    }
}
