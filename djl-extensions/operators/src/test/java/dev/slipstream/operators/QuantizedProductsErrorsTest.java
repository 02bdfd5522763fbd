package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.OnnxRuntime;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What does not fit together is refused before memory is touched. */
class QuantizedProductsErrorsTest {
    private static final long[] X = {1, 2, 40};
    private static final long[] WEIGHT = {40};
    // 50 outputs of 40 inputs, in 4 bits; 20 of 50.
    private static final long[] TILES = {4, 2, 320};
    private static final long[] DOWN = {2, 2, 576};

    private final Map<String, long[]> shapes = new LinkedHashMap<>();
    private final Map<String, Long> attributes = new LinkedHashMap<>();

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    private void matMul() {
        shapes.clear();
        attributes.clear();
        shapes.put("x", X);
        shapes.put("tiles", TILES);
        shapes.put("branch", X);
        shapes.put("weight", WEIGHT);
        attributes.put("outputs", 50L);
    }

    private void feedForward() {
        shapes.clear();
        attributes.clear();
        shapes.put("x", X);
        shapes.put("gate", TILES);
        shapes.put("up", TILES);
        shapes.put("down", DOWN);
        shapes.put("branch", X);
        shapes.put("weight", WEIGHT);
        attributes.put("outputs", 20L);
        attributes.put("neurons", 50L);
    }

    private void gather() {
        shapes.clear();
        attributes.clear();
        shapes.put("ids", new long[] {1, 2});
        shapes.put("tiles", TILES);
        attributes.put("outputs", 50L);
        attributes.put("inputs", 40L);
    }

    private void norm() {
        shapes.clear();
        attributes.clear();
        shapes.put("x", X);
        shapes.put("branch", X);
        shapes.put("weight", WEIGHT);
    }

    private void gatedUnit() {
        shapes.clear();
        attributes.clear();
        shapes.put("x", X);
        shapes.put("multiplied", X);
    }

    @Test
    void normsAndGatedUnitsAgree() throws OrtException {
        norm();
        run("RootMeanSquareNorm", 2);
        assertRefused(
                "RootMeanSquareNorm",
                1,
                "RootMeanSquareNorm: expected a second output beside a branch");
        shapes.put("weight", new long[] {39});
        assertRefused("RootMeanSquareNorm", 2, "weight: expected 40 numbers, found 39");
        gatedUnit();
        run("GatedUnit", 1);
        shapes.put("multiplied", WEIGHT);
        assertRefused("GatedUnit", 1, "GatedUnit: up: expected 80 numbers as gate has, found 40");
        shapes.put("x", new long[0]);
        assertRefused("GatedUnit", 1, "GatedUnit: gate: expected 1 to 8 dimensions, found 0");
        // None at all.
        shapes.put("x", new long[] {1, 0, 40});
        shapes.put("multiplied", new long[] {1, 0, 40});
        run("GatedUnit", 1);
    }

    @Test
    void whatFitsIsComputed() throws OrtException {
        matMul();
        run("QuantizedMatMul", 2);
        feedForward();
        run("QuantizedFeedForward", 2);
        gather();
        run("QuantizedGather", 1);
        // No row at all.
        matMul();
        shapes.put("x", new long[] {1, 0, 40});
        shapes.put("branch", new long[] {1, 0, 40});
        run("QuantizedMatMul", 2);
    }

    @Test
    void tilesAreOfTheMatrix() {
        matMul();
        shapes.put("tiles", new long[] {4, 3, 320});
        assertRefused(
                "QuantizedMatMul",
                2,
                "QuantizedMatMul: tiles: expected the shape [4, 2, 320 or 576] of 50 outputs and 40 inputs, found [4, 3, 320] of 3 dimensions");
        shapes.put("tiles", new long[] {4, 640});
        assertRefused(
                "QuantizedMatMul",
                2,
                "tiles: expected the shape [4, 2, 320 or 576] of 50 outputs and 40 inputs, found [4, 640, 0] of 2 dimensions");
        for (String name : new String[] {"gate", "up"}) {
            feedForward();
            shapes.put(name, new long[] {4, 2, 319});
            assertRefused(
                    "QuantizedFeedForward",
                    2,
                    "QuantizedFeedForward: "
                            + name
                            + ": expected the shape [4, 2, 320 or 576] of 50 outputs and 40 inputs, found [4, 2, 319]");
        }
        feedForward();
        shapes.put("down", new long[] {3, 2, 320});
        assertRefused(
                "QuantizedFeedForward",
                2,
                "down: expected the shape [2, 2, 320 or 576] of 20 outputs and 50 inputs, found [3, 2, 320]");
        gather();
        shapes.put("tiles", new long[] {5, 2, 320});
        assertRefused(
                "QuantizedGather",
                1,
                "QuantizedGather: tiles: expected the shape [4, 2, 320 or 576] of 50 outputs and 40 inputs, found [5, 2, 320]");
    }

    @Test
    void rowsAndNormAgree() {
        matMul();
        shapes.put("x", new long[0]);
        assertRefused("QuantizedMatMul", 2, "x: expected 1 to 8 dimensions, found 0");
        shapes.put("x", new long[] {1, 1, 1, 1, 1, 1, 1, 2, 40});
        assertRefused("QuantizedMatMul", 2, "x: expected 1 to 8 dimensions, found 9");
        shapes.put("x", new long[] {1, 2, 0});
        assertRefused("QuantizedMatMul", 2, "x: expected rows of 1 number or more, found none");
        matMul();
        shapes.put("weight", new long[] {41});
        assertRefused("QuantizedMatMul", 2, "weight: expected 40 numbers, found 41");
        matMul();
        shapes.put("branch", new long[] {1, 1, 40});
        assertRefused("QuantizedMatMul", 2, "branch: expected 80 numbers as x has, found 40");
        feedForward();
        shapes.remove("weight");
        assertRefused("QuantizedFeedForward", 1, "found a branch without a norm behind it");
        feedForward();
        assertRefused("QuantizedFeedForward", 1, "expected a second output beside a branch");
    }

    @Test
    void sizesAreSizes() {
        for (long size : new long[] {0, -1, 1L << 31, Long.MAX_VALUE}) {
            String found = ": expected 1 to 2147483647, found " + size;
            matMul();
            attributes.put("outputs", size);
            assertRefused("QuantizedMatMul", 2, "QuantizedMatMul: outputs" + found);
            feedForward();
            attributes.put("neurons", size);
            assertRefused("QuantizedFeedForward", 2, "QuantizedFeedForward: neurons" + found);
            gather();
            attributes.put("inputs", size);
            assertRefused("QuantizedGather", 1, "QuantizedGather: inputs" + found);
        }
    }

    @Test
    void idsAreOfTheTable() {
        gather();
        for (long id : new long[] {-1, 50, Long.MIN_VALUE}) {
            assertThatThrownBy(() -> run("QuantizedGather", 1, id))
                    .isInstanceOf(OrtException.class)
                    .hasMessageContaining("QuantizedGather: ids: expected 0 to 49, found " + id);
        }
        shapes.put("ids", new long[] {1, 1, 1, 1, 1, 1, 1, 1, 2});
        assertRefused("QuantizedGather", 1, "ids: expected up to 8 dimensions, found 9");
    }

    private void assertRefused(String operator, int outputs, String message) {
        assertThatThrownBy(() -> run(operator, outputs))
                .isInstanceOf(OrtException.class)
                .hasMessageContaining(message);
    }

    private void run(String operator, int outputs) throws OrtException {
        run(operator, outputs, 3);
    }

    private void run(String operator, int outputs, long id) throws OrtException {
        OnnxModel model = new OnnxModel("products");
        model.opsets().put("dev.slipstream", 1);
        GraphBuilder b = new GraphBuilder(model);
        shapes.forEach((name, shape) -> b.input(name, type(name), dimensions(name, shape.length)));
        NodeBuilder node = b.node(operator, "dev.slipstream", List.copyOf(shapes.keySet()));
        attributes.forEach(node::attribute);
        if (!operator.equals("QuantizedGather") && !operator.equals("GatedUnit")) {
            node.attribute("epsilon", 1e-5f);
        }
        String[] names = Arrays.copyOf(new String[] {"y", "sum"}, outputs);
        node.outputs(names);
        String rows = shapes.containsKey("ids") ? "ids" : "x";
        int rank = shapes.get(rows).length + (rows.equals("ids") ? 1 : 0);
        for (String name : names) {
            b.output(name, ElementType.FLOAT, dimensions(name, Math.max(1, rank)));
        }
        OrtEnvironment environment = OnnxRuntime.start();
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.registerCustomOpLibrary(NativeOperators.library().orElseThrow().toString());
            try (OrtSession session =
                    environment.createSession(model.toProto().toByteArray(), options)) {
                for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
                    inputs.put(
                            shape.getKey(),
                            tensor(environment, type(shape.getKey()), shape.getValue(), id));
                }
                session.run(inputs).close();
            }
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private static ElementType type(String name) {
        return switch (name) {
            case "ids" -> ElementType.INT64;
            case "tiles", "gate", "up", "down" -> ElementType.UINT8;
            default -> ElementType.FLOAT;
        };
    }

    private static Object[] dimensions(String name, int rank) {
        Object[] dimensions = new Object[rank];
        Arrays.setAll(dimensions, i -> name + "." + i);
        return dimensions;
    }

    private static OnnxTensor tensor(
            OrtEnvironment environment, ElementType type, long[] shape, long id)
            throws OrtException {
        int size = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
        return switch (type) {
            case INT64 -> {
                long[] ids = new long[size];
                Arrays.fill(ids, id);
                yield OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), shape);
            }
            case UINT8 ->
                    OnnxTensor.createTensor(
                            environment,
                            ByteBuffer.allocateDirect(size),
                            shape,
                            OnnxJavaType.UINT8);
            default ->
                    OnnxTensor.createTensor(environment, FloatBuffer.wrap(new float[size]), shape);
        };
    }
}
