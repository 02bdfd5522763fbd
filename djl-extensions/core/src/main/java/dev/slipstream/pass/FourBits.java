package dev.slipstream.pass;

import dev.slipstream.checkpoint.BlockQuantizer;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.QuantizedMatrix;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Rounds matrices to 4 bits by what their products read on the calibration text. */
final class FourBits {
    private final Map<String, Tensor> initializers;
    private final SecondMoments moments;
    private final Map<String, QuantizedMatrix> rounded = new HashMap<>();
    private final Map<String, OutputError> errors = new HashMap<>();
    private final List<String> blind = new ArrayList<>();

    private FourBits(Map<String, Tensor> initializers, SecondMoments moments) {
        this.initializers = initializers;
        this.moments = moments;
    }

    /**
     * Squared errors of a product's outputs, summed over the calibration text.
     *
     * @param outputs the squared outputs themselves
     * @param nearest of rounding to nearest
     * @param searched of what was found
     */
    record OutputError(double outputs, double nearest, double searched) {
        OutputError plus(OutputError other) {
            return new OutputError(
                    outputs + other.outputs, nearest + other.nearest, searched + other.searched);
        }
    }

    /**
     * Rounds.
     *
     * @param graph of floats
     * @param matrices of it
     * @param calibration the text
     * @param steps counts the matrices
     */
    static FourBits round(
            OnnxModel graph,
            Collection<FloatMatrix> matrices,
            Calibration calibration,
            StepCount steps) {
        SecondMoments moments = new SecondMoments(graph, calibration);
        FourBits fourBits = new FourBits(graph.initializers(), moments);
        Map<String, List<FloatMatrix>> readers = new TreeMap<>();
        Map<String, Integer> widths = new TreeMap<>();
        for (FloatMatrix matrix : matrices) {
            String input = matrix.inputs().stream().filter(moments::visible).findFirst().orElse("");
            if (input.isEmpty()) {
                fourBits.roundBlindly(matrix);
                steps.step();
            } else {
                readers.computeIfAbsent(input, name -> new ArrayList<>()).add(matrix);
                widths.put(input, matrix.in());
            }
        }
        moments.measure(
                widths,
                (input, measured) -> {
                    Gptq gptq = new Gptq(measured, widths.get(input));
                    for (FloatMatrix matrix : readers.get(input)) {
                        fourBits.round(matrix, gptq, measured);
                        steps.step();
                    }
                });
        return fourBits;
    }

    /** Returns the rounded matrices by name. */
    Map<String, QuantizedMatrix> rounded() {
        return rounded;
    }

    /** Returns the errors by the matrices' names, of those whose inputs were seen. */
    Map<String, OutputError> errors() {
        return errors;
    }

    /** Returns the matrices whose inputs were not seen: in branches, and embeddings. */
    List<String> blind() {
        return blind;
    }

    private void roundBlindly(FloatMatrix matrix) {
        Gptq gptq = new Gptq(matrix.in());
        rounded.put(matrix.weight(), gptq.round(floats(matrix.rows(initializers))));
        blind.add(matrix.weight());
    }

    private void round(FloatMatrix matrix, Gptq gptq, double[] measured) {
        Tensor rows = matrix.rows(initializers);
        float[] weight = floats(rows);
        QuantizedMatrix found = gptq.round(weight);
        QuantizedMatrix nearest = new BlockQuantizer(Precision.INT4).quantize(List.of(rows));
        rounded.put(matrix.weight(), found);
        errors.put(
                matrix.weight(),
                IntStream.range(0, matrix.out())
                        .parallel()
                        .mapToObj(row -> error(weight, row, nearest, found, measured))
                        .reduce(new OutputError(0, 0, 0), OutputError::plus));
    }

    private static OutputError error(
            float[] weight,
            int row,
            QuantizedMatrix nearest,
            QuantizedMatrix found,
            double[] measured) {
        int in = nearest.columns();
        float[] exact = new float[in];
        System.arraycopy(weight, row * in, exact, 0, in);
        return new OutputError(
                squared(exact, new float[in], measured),
                squared(exact, nearest.row(row), measured),
                squared(exact, found.row(row), measured));
    }

    /** Returns the quadratic form of a difference. */
    private static double squared(float[] exact, float[] rounded, double[] moments) {
        int in = exact.length;
        float[] difference = new float[in];
        for (int i = 0; i < in; i++) {
            difference[i] = exact[i] - rounded[i];
        }
        double sum = 0;
        for (int i = 0; i < in; i++) {
            double part = 0;
            for (int j = 0; j < in; j++) {
                part += moments[i * in + j] * difference[j];
            }
            sum += part * difference[i];
        }
        return sum;
    }

    private static float[] floats(Tensor tensor) {
        float[] floats = new float[Math.toIntExact(tensor.elements())];
        tensor.data().asFloatBuffer().get(floats);
        return floats;
    }
}
