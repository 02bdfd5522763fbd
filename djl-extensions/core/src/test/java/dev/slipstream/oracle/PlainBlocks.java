package dev.slipstream.oracle;

/**
 * Rounds a matrix's rows in blocks of 32 to as many steps as 4 or 8 bits have, in doubles, and
 * gives back the rounded values: what a quantised graph is to multiply with.
 */
public final class PlainBlocks {
    private static final int BLOCK = 32;

    private PlainBlocks() {}

    /**
     * Rounds.
     *
     * @param weight row-major {@code [rows, columns]}
     * @param columns length of a row; its last block may be shorter
     * @param bits 4: steps -8 to 7 of an eighth of the value of largest magnitude, which is at -8;
     *     8: steps -127 to 127 of a 127th of it
     */
    public static float[] rounded(float[] weight, int columns, int bits) {
        float[] rounded = new float[weight.length];
        for (int row = 0; row < weight.length; row += columns) {
            for (int from = row; from < row + columns; from += BLOCK) {
                int to = Math.min(from + BLOCK, row + columns);
                double step = extreme(weight, from, to) / (bits == 4 ? -8 : 127);
                for (int i = from; i < to; i++) {
                    double steps = step == 0 ? 0 : Math.rint(weight[i] / step);
                    rounded[i] = (float) (step * (bits == 4 ? Math.min(7, steps) : steps));
                }
            }
        }
        return rounded;
    }

    private static double extreme(float[] weight, int from, int to) {
        double extreme = 0;
        for (int i = from; i < to; i++) {
            if (Math.abs(weight[i]) > Math.abs(extreme)) {
                extreme = weight[i];
            }
        }
        return extreme;
    }
}
