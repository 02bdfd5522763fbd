package dev.slipstream.pass;

import dev.slipstream.checkpoint.BlockQuantizer;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.QuantizedMatrix;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Rounds matrices to 4 bits so that their products change little on the calibration text; to use
 * where the text is known and plain rounding costs too much.
 *
 * <p>Column by column, what rounding one weight does to the output is made good by the columns not
 * yet rounded (GPTQ: Frantar, Ashkboos, Hoefler, Alistarh 2022). GPTQ takes the scales as given;
 * here each block of 32 tries {@value #TRIED} and keeps the one whose rounding, the compensation
 * within the block included, leaves the least output error. That is the search for clipped ranges
 * of AWQ (Lin and others 2023), done inside GPTQ's loop.
 *
 * <p>Symmetric steps -8 to 7, so the graph is the very one that plain rounding makes.
 */
final class Gptq {
    private static final int BLOCK = BlockQuantizer.BLOCK;

    /** Divisors of the block's extreme: 8 of either sign, half of the range to beyond all of it. */
    private static final int TRIED = 26;

    /** Added to the moments' diagonal, as a share of its mean: as the authors' code does. */
    private static final double DAMPING = 0.01;

    private final int in;

    /** Upper triangular, {@code UᵀU} is the inverse of the damped moments; null for unrelated. */
    private final double @Nullable [] upper;

    /**
     * Constructs the rounding of matrices that read one value.
     *
     * @param moments {@code XᵀX} of that value, {@code [in, in]}
     * @param in features of the value
     */
    Gptq(double[] moments, int in) {
        this.in = in;
        double mean = 0;
        for (int i = 0; i < in; i++) {
            mean += moments[i * in + i] / in;
        }
        // A value that is always zero tells nothing: every feature counts alike.
        double damping = mean > 0 ? DAMPING * mean : 1;
        double[] factor = factor(damped(moments, damping));
        while (factor == null) {
            // Features that always go together, beside which the mean is small.
            damping *= 10;
            factor = factor(damped(moments, damping));
        }
        upper = inverse(factor);
    }

    /**
     * Constructs the rounding of matrices of whose inputs nothing is known: all features count
     * alike, and none makes another's error good.
     */
    Gptq(int in) {
        this.in = in;
        upper = null;
    }

    private double[] damped(double[] moments, double damping) {
        double[] damped = moments.clone();
        for (int i = 0; i < in; i++) {
            damped[i * in + i] += damping;
        }
        return damped;
    }

    /**
     * Rounds.
     *
     * @param weight {@code [out, in]}, row-major; not changed
     */
    QuantizedMatrix round(float[] weight) {
        int out = weight.length / in;
        int blocks = (in + BLOCK - 1) / BLOCK;
        byte[] steps = new byte[weight.length];
        float[] scales = new float[out * blocks];
        IntStream.range(0, out)
                .parallel()
                .forEach(
                        row -> {
                            double[] rest = new double[in];
                            for (int i = 0; i < in; i++) {
                                rest[i] = weight[row * in + i];
                            }
                            for (int b = 0; b < blocks; b++) {
                                int from = b * BLOCK;
                                int to = Math.min(in, from + BLOCK);
                                float scale = bestScale(rest, from, to);
                                scales[row * blocks + b] = scale;
                                round(rest, from, to, scale, in, steps, row * in);
                            }
                        });
        return new BlockQuantizer(Precision.INT4).pack(in, steps, scales);
    }

    private float bestScale(double[] rest, int from, int to) {
        double extreme = 0;
        for (int i = from; i < to; i++) {
            extreme = Math.abs(rest[i]) > Math.abs(extreme) ? rest[i] : extreme;
        }
        double[] block = new double[to];
        byte[] steps = new byte[to];
        double least = Double.POSITIVE_INFINITY;
        float best = 0;
        for (int tried = 0; tried < TRIED; tried++) {
            double share = 0.5 + 0.05 * (tried / 2);
            float scale = (float) (extreme * share / (tried % 2 == 0 ? -8 : 7));
            if (Math.abs(scale) < Float.MIN_NORMAL) {
                return 0;
            }
            System.arraycopy(rest, from, block, from, to - from);
            double error = round(block, from, to, scale, to, steps, 0);
            if (error < least) {
                least = error;
                best = scale;
            }
        }
        return best;
    }

    /**
     * Rounds a block and passes its error on.
     *
     * @param rest the weights, those before {@code end} are made to compensate
     * @return the output error that cannot be made good any more
     */
    private double round(
            double[] rest, int from, int to, float scale, int end, byte[] steps, int offset) {
        double lost = 0;
        for (int i = from; i < to; i++) {
            long step = scale == 0 ? 0 : Math.max(-8, Math.min(7, Math.round(rest[i] / scale)));
            steps[offset + i] = (byte) step;
            double error = rest[i] - step * scale;
            if (upper == null) {
                lost += error * error;
                continue;
            }
            error /= upper[i * in + i];
            lost += error * error;
            for (int j = i + 1; j < end; j++) {
                rest[j] -= error * upper[i * in + j];
            }
        }
        return lost;
    }

    /** Returns the upper triangular R of {@code R Rᵀ}, in place; null if it is not positive. */
    private double @Nullable [] factor(double[] a) {
        for (int j = in - 1; j >= 0; j--) {
            int column = j;
            double square = a[j * in + j] - dot(a, j, j, j + 1);
            if (square <= 0) {
                return null;
            }
            double pivot = Math.sqrt(square);
            a[j * in + j] = pivot;
            IntStream.range(0, j)
                    .parallel()
                    .forEach(
                            i ->
                                    a[i * in + column] =
                                            (a[i * in + column] - dot(a, i, column, column + 1))
                                                    / pivot);
        }
        return a;
    }

    private double dot(double[] a, int row, int other, int from) {
        double sum = 0;
        for (int k = from; k < in; k++) {
            sum += a[row * in + k] * a[other * in + k];
        }
        return sum;
    }

    /** Returns the inverse of an upper triangular matrix. */
    private double[] inverse(double[] r) {
        double[] inverse = new double[in * in];
        IntStream.range(0, in)
                .parallel()
                .forEach(
                        i -> {
                            double[] rest = new double[in];
                            rest[i] = 1;
                            for (int k = i; k < in; k++) {
                                double u = rest[k] / r[k * in + k];
                                inverse[i * in + k] = u;
                                for (int j = k + 1; j < in; j++) {
                                    rest[j] -= u * r[k * in + j];
                                }
                            }
                        });
        return inverse;
    }
}
