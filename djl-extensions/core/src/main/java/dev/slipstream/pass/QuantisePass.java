package dev.slipstream.pass;

import dev.slipstream.checkpoint.BlockQuantizer;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.QuantizedMatrix;
import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Stores matrices as integers in blocks of 32: about 28 % (int8) or 16 % (int4) of the bytes, and
 * as much less to read for each generated token; to use on models of 32-bit floats of any origin.
 *
 * <p>int8 is rounded to nearest. int4 too, or as {@link Gptq} does. Parts that int4 hurts most can
 * stay in int8: {@code int8-share} measures for each part alone how far int4 moves the next-token
 * distributions on the calibration text, and gives int8 to those that gain most by their size.
 *
 * <p>Norms and biases stay floats, and so do keys and values unless {@code cache=int8} asks for
 * {@link Int8Cache}. On a graph that {@code DecoderGraphs} wrote in floats, rounding to nearest
 * computes bit for bit what it writes in integers.
 */
final class QuantisePass implements Pass {
    /** How weights are rounded to 4 bits. */
    enum Method {
        /** Round to nearest. */
        RTN,
        /** Frantar and others 2022, with a search for the scales. */
        GPTQ
    }

    /** How keys and values are kept. */
    enum Cache {
        /** As the graph has them. */
        FP32,
        /** See {@link Int8Cache}. */
        INT8
    }

    private final PassSpec spec;
    private final Precision weights;
    private final Method method;
    private final List<String> keep;
    private final List<String> int8;
    private final double int8Share;
    private final Cache cache;

    QuantisePass(
            PassSpec spec,
            Precision weights,
            Method method,
            List<String> keep,
            List<String> int8,
            double int8Share,
            Cache cache) {
        this.spec = spec;
        this.weights = weights;
        this.method = method;
        this.keep = keep;
        this.int8 = int8;
        this.int8Share = int8Share;
        this.cache = cache;
    }

    @Override
    public PassSpec spec() {
        return spec;
    }

    @Override
    public Rewritten apply(
            OnnxModel graph, @Nullable Calibration calibration, PassProgress progress) {
        OnnxModel folded = graph.copy();
        FloatMatrices.foldTranspositions(folded);
        Map<String, FloatMatrix> floats = FloatMatrices.of(folded);
        if (floats.isEmpty()) {
            throw FloatMatrices.none(graph);
        }
        Map<String, List<FloatMatrix>> parts = MatrixParts.of(folded, floats.values());
        Map<String, Precision> precisions = precisions(parts);
        QuantiseReport report = new QuantiseReport(spec, floats);

        List<FloatMatrix> fourBits = matrices(parts, precisions, Precision.INT4);
        Map<String, List<FloatMatrix>> measured =
                int8Share > 0 ? matrices(parts, precisions) : Map.of();
        int rounded = method == Method.GPTQ ? fourBits.size() : 0;
        StepCount steps = new StepCount(progress, rounded + measured.size());
        Map<String, QuantizedMatrix> integers = new HashMap<>();
        if (method == Method.GPTQ) {
            FourBits found =
                    FourBits.round(folded, fourBits, required("method=gptq", calibration), steps);
            integers.putAll(found.rounded());
            report.errors(found);
        } else {
            integers.putAll(nearest(folded, fourBits, Precision.INT4));
        }
        if (int8Share > 0) {
            Map<String, Double> sensitivity;
            try (Divergence divergence =
                    new Divergence(graph, required("int8-share", calibration))) {
                sensitivity = sensitivity(divergence, folded, floats, measured, integers, steps);
            }
            report.sensitivity(sensitivity);
            raise(parts, precisions, sensitivity);
        }
        List<FloatMatrix> eightBits = matrices(parts, precisions, Precision.INT8);
        integers.putAll(nearest(folded, eightBits, Precision.INT8));
        OnnxModel written = BlockProducts.write(folded, floats, integers);
        if (cache == Cache.INT8) {
            Int8Cache keysAndValues = new Int8Cache(graph);
            keysAndValues.write(written, keysAndValues.scales(required("cache=int8", calibration)));
        }
        return new Rewritten(written, report.of(parts, precisions, graph, written));
    }

    private Map<String, Precision> precisions(Map<String, List<FloatMatrix>> parts) {
        Map<String, Precision> precisions = new LinkedHashMap<>();
        parts.keySet().forEach(part -> precisions.put(part, weights));
        set(precisions, "int8", int8, Precision.INT8);
        set(precisions, "keep", keep, Precision.FP32);
        return precisions;
    }

    private void set(
            Map<String, Precision> precisions,
            String parameter,
            List<String> names,
            Precision precision) {
        for (String name : names) {
            if (precisions.replace(name, precision) == null) {
                throw new PassException(
                        "pass quantise: %s: expected parts of %s, found %s"
                                .formatted(parameter, precisions.keySet(), name));
            }
        }
    }

    private static Calibration required(String parameter, @Nullable Calibration calibration) {
        if (calibration == null) {
            throw new PassException(
                    "pass quantise: %s: expected a calibration text, found none; name one, or use method=rtn, int8=(...) in place of a share, cache=fp32"
                            .formatted(parameter));
        }
        return calibration;
    }

    private static Map<String, QuantizedMatrix> nearest(
            OnnxModel graph, List<FloatMatrix> matrices, Precision precision) {
        BlockQuantizer quantizer = new BlockQuantizer(precision);
        Map<String, QuantizedMatrix> rounded = new HashMap<>();
        for (FloatMatrix matrix : matrices) {
            rounded.put(
                    matrix.weight(),
                    quantizer.quantize(List.of(matrix.rows(graph.initializers()))));
        }
        return rounded;
    }

    /** Measures each part that is to be int4, all others being floats. */
    private static Map<String, Double> sensitivity(
            Divergence divergence,
            OnnxModel graph,
            Map<String, FloatMatrix> floats,
            Map<String, List<FloatMatrix>> parts,
            Map<String, QuantizedMatrix> integers,
            StepCount steps) {
        Map<String, Double> sensitivity = new LinkedHashMap<>();
        parts.forEach(
                (part, matrices) -> {
                    Map<String, QuantizedMatrix> alone = new HashMap<>(integers);
                    alone.keySet().retainAll(matrices.stream().map(FloatMatrix::weight).toList());
                    sensitivity.put(part, divergence.of(BlockProducts.write(graph, floats, alone)));
                    steps.step();
                });
        return sensitivity;
    }

    /** Gives int8 to the parts that gain most for each weight, as long as they fit the share. */
    private void raise(
            Map<String, List<FloatMatrix>> parts,
            Map<String, Precision> precisions,
            Map<String, Double> sensitivity) {
        long all = sensitivity.keySet().stream().mapToLong(part -> size(parts, part)).sum();
        List<String> ranked = new ArrayList<>(sensitivity.keySet());
        ranked.sort(Comparator.comparingDouble(part -> -sensitivity.get(part) / size(parts, part)));
        long left = (long) (int8Share * all);
        for (String part : ranked) {
            if (size(parts, part) <= left) {
                left -= size(parts, part);
                precisions.put(part, Precision.INT8);
            }
        }
    }

    private static long size(Map<String, List<FloatMatrix>> parts, String part) {
        return MatrixParts.size(parts.get(part));
    }

    private static List<FloatMatrix> matrices(
            Map<String, List<FloatMatrix>> parts,
            Map<String, Precision> precisions,
            Precision precision) {
        return parts.entrySet().stream()
                .filter(part -> precisions.get(part.getKey()) == precision)
                .flatMap(part -> part.getValue().stream())
                .toList();
    }

    private static Map<String, List<FloatMatrix>> matrices(
            Map<String, List<FloatMatrix>> parts, Map<String, Precision> precisions) {
        Map<String, List<FloatMatrix>> four = new LinkedHashMap<>(parts);
        four.keySet().removeIf(part -> precisions.get(part) != Precision.INT4);
        return four;
    }
}
