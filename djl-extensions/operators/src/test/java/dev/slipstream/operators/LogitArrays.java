package dev.slipstream.operators;

import dev.slipstream.runtime.Logits;

/** Logits as arrays, which outlive the next run. */
final class LogitArrays {
    private LogitArrays() {}

    /** Copies all rows. */
    static float[][] rows(Logits logits) {
        float[][] rows = new float[logits.rows()][logits.vocabularySize()];
        for (int i = 0; i < rows.length; i++) {
            logits.row(i).get(0, rows[i]);
        }
        return rows;
    }
}
