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

    private final DMatrixRMaj weights;
    private final DMatrixRMaj directions;
    private final double[] energies;

    private LowRankFactors(DMatrixRMaj weights, DMatrixRMaj directions, double[] energies) {
        this.weights = weights;
        this.directions = directions;
        this.energies = energies;
    }

    /**
     * Finds the principal directions.
     *
     * @param matrix {@code [out, in]}, row-major
     * @param out rows
     * @param in columns
     * @param covariance of the inputs, {@code [in, in]}
     */
    static LowRankFactors of(float[] matrix, int out, int in, double[] covariance) {
        DMatrixRMaj w = new DMatrixRMaj(out, in);
        for (int i = 0; i < matrix.length; i++) {
            w.data[i] = matrix[i];
        }
        DMatrixRMaj root = root(covariance, in);
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
        return of(w, outputs, gram, wide);
    }

    private static LowRankFactors of(
            DMatrixRMaj w, DMatrixRMaj outputs, DMatrixRMaj gram, boolean wide) {
        int size = gram.numRows;
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
        DMatrixRMaj directions = new DMatrixRMaj(w.numRows, size);
        DMatrixRMaj direction = new DMatrixRMaj(w.numRows, 1);
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
            for (int row = 0; row < w.numRows; row++) {
                directions.set(row, k, direction.get(row, 0));
            }
        }
        double[] energies = Arrays.stream(order).mapToDouble(i -> values[i]).toArray();
        return new LowRankFactors(w, directions, energies);
    }

    /** Returns a triangular root of the covariance, {@code C = R R'}. */
    private static DMatrixRMaj root(double[] covariance, int in) {
        DMatrixRMaj c = new DMatrixRMaj(in, in, true, covariance.clone());
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
        float[] u = new float[weights.numRows * rank];
        for (int row = 0; row < weights.numRows; row++) {
            for (int k = 0; k < rank; k++) {
                u[row * rank + k] = (float) directions.get(row, k);
            }
        }
        return u;
    }

    /** Returns the inner factor V, {@code [rank, in]}, row-major. */
    float[] inner(int rank) {
        DMatrixRMaj first = CommonOps_DDRM.extract(directions, 0, weights.numRows, 0, rank);
        DMatrixRMaj v = new DMatrixRMaj(rank, weights.numCols);
        CommonOps_DDRM.multTransA(first, weights, v);
        float[] result = new float[v.data.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) v.data[i];
        }
        return result;
    }
}
