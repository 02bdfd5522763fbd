package dev.slipstream.decode;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** Measures what a decoded token costs at an effort. */
final class TokenTime {
    /** The first runs make buffers, and let the processor wake up. */
    private static final int UNCOUNTED = 4;

    private static final int COUNTED = 17;

    private TokenTime() {}

    /**
     * Returns the median milliseconds of a run over one token. The tokens are the model's own
     * likeliest ones: what is skipped depends on the text.
     */
    static double millis(DecoderModel model, Effort effort) {
        int runs = Math.min(UNCOUNTED + COUNTED, model.contextLength());
        long[] nanos = new long[runs];
        try (DecoderSession session = model.newSession(runs)) {
            int[] token = {0};
            for (int i = 0; i < runs; i++) {
                long start = System.nanoTime();
                Logits logits = session.forward(token, 0, 1, LogitRows.LAST, effort);
                nanos[i] = System.nanoTime() - start;
                token[0] = likeliest(logits.last());
            }
        }
        long[] counted = Arrays.copyOfRange(nanos, Math.min(UNCOUNTED, runs - 1), runs);
        Arrays.sort(counted);
        return counted[counted.length / 2] / 1e6;
    }

    private static int likeliest(FloatBuffer row) {
        int best = 0;
        for (int i = 1; i < row.remaining(); i++) {
            best = row.get(i) > row.get(best) ? i : best;
        }
        return best;
    }
}
