package dev.slipstream.runtime;

import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The steps of one session. They all write their logits to the same place, as those of one run are
 * gone with the next: a session takes the logits of its largest run, not those of one run of every
 * size. With a vocabulary of 150,000 and runs of 1 to 17 rows, that is 10 MB and not 92.
 */
final class Steps implements AutoCloseable {
    /** Up to this many new tokens, a step is kept for the next run of its size. */
    private static final int KEPT = 32;

    private final DecoderModel model;
    private final @Nullable Step[] kept = new Step[KEPT + 1];
    private @Nullable Step passing;
    private ByteBuffer written = Buffers.allocate(0);
    private ByteBuffer converted = Buffers.allocate(0);

    Steps(DecoderModel model) {
        this.model = model;
    }

    /** Returns the step for so many new tokens and these rows, to be filled. */
    Step of(int count, LogitRows rows) throws OrtException {
        if (rows == LogitRows.ALL && count <= KEPT || count == 1) {
            Step step = kept[count];
            if (step == null) {
                step = model.newStep(count, LogitRows.ALL, this);
                kept[count] = step;
            }
            return step;
        }
        if (passing != null) {
            // Windows and pieces of prompts mostly come in one size: no new native memory for each.
            if (passing.fits(count, rows)) {
                return passing;
            }
            passing.close();
            passing = null;
        }
        Step step = model.newStep(count, rows, this);
        passing = step;
        return step;
    }

    /** Returns room for a run's output. */
    ByteBuffer written(long bytes) {
        if (written.capacity() < bytes) {
            close();
            written = Buffers.larger(written, bytes);
        }
        return written.slice(0, (int) bytes).order(ByteOrder.nativeOrder());
    }

    /** Returns room for the wanted rows as floats, where the output is of another type. */
    ByteBuffer converted(long bytes) {
        if (converted.capacity() < bytes) {
            close();
            converted = Buffers.larger(converted, bytes);
        }
        return converted.slice(0, (int) bytes).order(ByteOrder.nativeOrder());
    }

    /** Returns a copy of logits that a run computed for several sessions. */
    Logits copy(FloatBuffer values, int rows, int vocabularySize) {
        FloatBuffer own =
                written((long) rows * vocabularySize * Float.BYTES)
                        .asFloatBuffer()
                        .put(0, values, 0, rows * vocabularySize);
        return new Logits(own, rows, vocabularySize);
    }

    /** Frees the steps; further ones may be made. */
    @Override
    public void close() {
        for (Step step : kept) {
            if (step != null) {
                step.close();
            }
        }
        Arrays.fill(kept, null);
        if (passing != null) {
            passing.close();
            passing = null;
        }
    }
}
