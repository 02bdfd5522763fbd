package dev.slipstream.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * The native memory that a run's gates read and write: made once, larger where a run is larger, and
 * filled anew for each run, so that a token allocates nothing. For one thread at a time.
 */
final class GateBuffers {
    /** No cosine reaches it, rounded ones included, which may be a little above 1. */
    private static final float NEVER = 2;

    private final GateShape shape;
    private final int widest;
    private final ByteBuffer switches;
    private final ByteBuffer widths;
    private ByteBuffer thresholds = Buffers.allocate(0);
    private ByteBuffer counts = Buffers.allocate(0);
    private ByteBuffer rearms = Buffers.allocate(0);
    private ByteBuffer skipped = Buffers.allocate(0);

    GateBuffers(DecoderInterface decoder) {
        shape = decoder.gates();
        widest = decoder.notes().widths().size() - 1;
        switches = Buffers.allocate(shape.switches());
        widths = Buffers.allocate((long) shape.layers() * Long.BYTES);
    }

    /** Makes room for so many tokens. */
    void reserve(int tokens) {
        if (shape.skippable() > 0 && rearms.capacity() < tokens) {
            thresholds = Buffers.larger(thresholds, (long) tokens * Float.BYTES);
            counts = Buffers.larger(counts, (long) tokens * Long.BYTES);
            rearms = Buffers.larger(rearms, tokens);
            skipped = Buffers.larger(skipped, (long) shape.skippable() * rearms.capacity());
        }
    }

    /** Puts tensors over the buffers among a run's. */
    void bind(RunInputs inputs, Map<String, OnnxValue> outputs, int tokens) throws OrtException {
        if (shape.switches() > 0) {
            inputs.put(Effort.GATES, switches, OnnxJavaType.BOOL, shape.switches());
        }
        if (shape.layers() > 0) {
            inputs.put(Effort.WIDTHS, widths, OnnxJavaType.INT64, shape.layers());
        }
        if (shape.skippable() > 0) {
            inputs.put(Effort.SKIP_THRESHOLDS, thresholds, OnnxJavaType.FLOAT, tokens);
            inputs.put(Effort.SKIP_COUNTS, counts, OnnxJavaType.INT64, tokens);
            inputs.put(Effort.SKIP_REARMS, rearms, OnnxJavaType.BOOL, tokens);
            outputs.put(
                    Effort.SKIPPED,
                    inputs.tensor(skipped, OnnxJavaType.BOOL, shape.skippable(), tokens));
        }
    }

    /** Fills what is the same for all tokens of a run. */
    void fillRun(Effort effort) {
        for (int i = 0; i < shape.switches(); i++) {
            boolean computed = effort.gates().isEmpty() || effort.gates().get(i);
            switches.put(i, (byte) (computed ? 1 : 0));
        }
        for (int i = 0; i < shape.layers(); i++) {
            widths.putLong(
                    i * Long.BYTES, effort.widths().isEmpty() ? widest : effort.widths().get(i));
        }
    }

    /**
     * Fills what each token has of its own.
     *
     * @param first row of the run
     * @param rows number of tokens
     * @param effort of these tokens
     * @param full how many of them, from the first on, skip nothing
     */
    void fillRows(int first, int rows, Effort effort, int full) {
        if (shape.skippable() == 0) {
            return;
        }
        Effort.Skipping skipping = effort.skipping();
        float threshold =
                skipping == null || skipping.threshold() > 1 ? NEVER : (float) skipping.threshold();
        for (int i = 0; i < rows; i++) {
            boolean skips = skipping != null && i >= full;
            int row = first + i;
            thresholds.putFloat(row * Float.BYTES, skips ? threshold : NEVER);
            counts.putLong(row * Long.BYTES, skips ? skipping.count() : 0);
            rearms.put(row, (byte) (skips && skipping.rearm() ? 1 : 0));
        }
    }

    /**
     * Returns how many sub-layers the run that just ended left out for some of its tokens.
     *
     * @param first of their rows
     * @param rows number of those tokens
     * @param tokens of the whole run
     * @param effort of the run
     */
    int skipped(int first, int rows, int tokens, Effort effort) {
        int count = 0;
        for (int layer = 0; layer < shape.skippable(); layer++) {
            for (int row = first; row < first + rows; row++) {
                count += skipped.get(layer * tokens + row);
            }
        }
        for (int i = 0; i < effort.gates().size(); i++) {
            count += effort.gates().get(i) ? 0 : rows;
        }
        return count;
    }
}
