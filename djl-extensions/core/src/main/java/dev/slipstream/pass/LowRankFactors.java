package dev.slipstream.pass;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * The best approximations of a matrix by two thin ones, for inputs of given second moments: {@code
 * W ~ U V}, where the columns of U are the principal directions of the outputs {@code W x}, and V
 * is {@code U' W}. Of all matrices of that rank this one changes the outputs least in the mean
 * square (Eckart and Young 1936, applied to {@code W C^(1/2)}, as SVD-LLM by Wang and others 2024
 * does it).
 */
final class LowRankFactors {
    /** Share of the mean variance that every direction has, lest unseen ones count for nothing. */
    private static final double FLOOR = 1e-3;

    private final int out;

    /**
     * {@code [out, min(out, in)]}, row-major; floats, as factors of all layers are held at once.
     */
    private final float[] directions;

    private final double[] energies;

    private LowRankFactors(int out, float[] directions, double[] energies) {
        this.out = out;
        this.directions = directions;
        this.energies = energies;
    }

    /**
     * Finds the principal directions.
     *
     * @param matrix {@code [out, in]}, row-major
     * @param out rows
     * @param in columns
     * @param moments of the inputs, {@code [in, in]}, up to a factor
     */
    static LowRankFactors of(float[] matrix, int out, int in, double[] moments) {
        DMatrixRMaj w = doubles(matrix, out, in);
        DMatrixRMaj root = root(moments, in);
        DMatrixRMaj outputs = new DMatrixRMaj(out, in);
        CommonOps_DDRM.mult(w, root, outputs);
        // The smaller of the two products has the same spectrum.
        boolean wide = out <= in;
        DMatrixRMaj gram = new DMatrixRMaj(Math.min(out, in), Math.min(out, in));
        if (wide) {
            CommonOps_DDRM.multTransB(outputs, outputs, gram);
        } else {
            CommonOps_DDRM.multTransA(outputs, outputs, gram);
        }
        return of(outputs, gram, wide);
    }

    private static LowRankFactors of(DMatrixRMaj outputs, DMatrixRMaj gram, boolean wide) {
        int size = gram.numRows;
        int out = outputs.numRows;
        EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(size, true, true);
        if (!eigen.decompose(gram)) {
            throw new PassException(
                    "low-rank: the second moments of a feed-forward cannot be decomposed; check that weights and calibration text give finite numbers");
        }
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = Math.max(0, eigen.getEigenvalue(i).getReal());
        }
        int[] order =
                IntStream.range(0, size)
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> -values[i]))
                        .mapToInt(i -> i)
                        .toArray();
        float[] directions = new float[out * size];
        DMatrixRMaj direction = new DMatrixRMaj(out, 1);
        for (int k = 0; k < size; k++) {
            DMatrixRMaj vector = eigen.getEigenVector(order[k]);
            double length = Math.sqrt(values[order[k]]);
            if (wide) {
                direction.setTo(vector);
            } else if (length > 0) {
                CommonOps_DDRM.mult(1 / length, outputs, vector, direction);
            } else {
                direction.zero();
            }
            for (int row = 0; row < out; row++) {
                directions[row * size + k] = (float) direction.get(row, 0);
            }
        }
        double[] energies = Arrays.stream(order).mapToDouble(i -> values[i]).toArray();
        return new LowRankFactors(out, directions, energies);
    }

    private static DMatrixRMaj doubles(float[] matrix, int rows, int columns) {
        DMatrixRMaj doubles = new DMatrixRMaj(rows, columns);
        for (int i = 0; i < matrix.length; i++) {
            doubles.data[i] = matrix[i];
        }
        return doubles;
    }

    /** Returns a triangular root of the moments, {@code C = R R'}. */
    private static DMatrixRMaj root(double[] moments, int in) {
        DMatrixRMaj c = new DMatrixRMaj(in, in, true, moments.clone());
        double mean = CommonOps_DDRM.trace(c) / in;
        for (int i = 0; i < in; i++) {
            c.add(i, i, mean > 0 ? FLOOR * mean : 1);
        }
        CholeskyDecomposition_F64<DMatrixRMaj> cholesky = DecompositionFactory_DDRM.chol(in, true);
        if (!cholesky.decompose(c)) {
            throw new PassException(
                    "low-rank: the second moments of a feed-forward's inputs are not positive; check that weights and calibration text give finite numbers");
        }
        return cholesky.getT(null);
    }

    /** Returns the output's energy in each direction, falling. */
    double[] energies() {
        return energies;
    }

    /** Returns the share of the outputs' energy that an approximation loses, 0 to 1. */
    double lost(int rank) {
        double all = Arrays.stream(energies).sum();
        double rest = Arrays.stream(energies, rank, energies.length).sum();
        return all == 0 ? 0 : rest / all;
    }

    /** Returns the outer factor U, {@code [out, rank]}, row-major. */
    float[] outer(int rank) {
        float[] u = new float[out * rank];
        int size = energies.length;
        for (int row = 0; row < out; row++) {
            System.arraycopy(directions, row * size, u, row * rank, rank);
        }
        return u;
    }

    /**
     * Returns the inner factor V, {@code [rank, in]}, row-major.
     *
     * @param matrix the one that the factors are of
     */
    float[] inner(int rank, float[] matrix) {
        int in = matrix.length / out;
        DMatrixRMaj v = new DMatrixRMaj(rank, in);
        CommonOps_DDRM.multTransA(doubles(outer(rank), out, rank), doubles(matrix, out, in), v);
        float[] result = new float[v.data.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) v.data[i];
        }
        return result;
    }
}
