package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.OnnxRuntime;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Norms and gated units that stand alone against plain Java, to the bit. */
class NormAndGateTest {
    private static final float EPSILON = 1e-5f;
    private static final int[] ROWS = {1, 7, 32, 33, 70, 130};

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @Test
    void normsAreThoseOfTheDefinition() throws OrtException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            for (int rows : ROWS) {
                int width = 1 + random.nextInt(200);
                float[] x = coarse(random, rows * width);
                float[] branch = coarse(random, rows * width);
                float[] weight = drawn(random, width);
                for (List<String> names :
                        List.of(List.of("x", "", "weight"), List.of("x", "branch", "weight"))) {
                    String what = "%s, %s, %d rows, seed %d".formatted(set, names, rows, seed);
                    float[] sum = x.clone();
                    for (int i = 0; i < sum.length && names.contains("branch"); i++) {
                        sum[i] += branch[i];
                    }
                    Map<String, float[]> found =
                            run(
                                    "RootMeanSquareNorm",
                                    names,
                                    Map.of("x", x, "branch", branch, "weight", weight),
                                    width,
                                    set);
                    for (int r = 0; r < rows; r++) {
                        float[] row = Arrays.copyOfRange(sum, r * width, (r + 1) * width);
                        assertThat(Arrays.copyOfRange(found.get("y"), r * width, (r + 1) * width))
                                .as(what)
                                .isEqualTo(ProductReference.norm(row, weight, EPSILON));
                    }
                    if (names.contains("branch")) {
                        assertThat(found.get("sum")).as(what).isEqualTo(sum);
                    }
                }
            }
        }
    }

    @Test
    void gatedUnitsAreThoseOfTheDefinition() throws OrtException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            ProductReference reference = new ProductReference(set);
            for (int rows : ROWS) {
                int width = 1 + random.nextInt(400);
                float[] gate = drawn(random, rows * width);
                for (int i = 0; i < gate.length; i++) {
                    gate[i] *= i % 5 == 0 ? 40 : 2;
                }
                float[] up = drawn(random, rows * width);
                assertThat(
                                run(
                                                "GatedUnit",
                                                List.of("gate", "up"),
                                                Map.of("gate", gate, "up", up),
                                                width,
                                                set)
                                        .get("y"))
                        .as("%s, %d rows of %d, seed %d", set, rows, width, seed)
                        .isEqualTo(reference.gated(gate, up));
            }
        }
    }

    private static Map<String, float[]> run(
            String operator,
            List<String> names,
            Map<String, float[]> values,
            int width,
            InstructionSet set)
            throws OrtException {
        OnnxModel model = new OnnxModel("alone");
        model.opsets().put("dev.slipstream", 1);
        GraphBuilder b = new GraphBuilder(model);
        for (String name : names) {
            if (!name.isEmpty()) {
                b.input(name, ElementType.FLOAT, name + ".rows", name + ".width");
            }
        }
        String[] results =
                names.contains("branch") ? new String[] {"y", "sum"} : new String[] {"y"};
        var node = b.node(operator, "dev.slipstream", names);
        if (names.contains("weight")) {
            node.attribute("epsilon", EPSILON);
        }
        node.outputs(results);
        for (String result : results) {
            b.output(result, ElementType.FLOAT, result + ".rows", result + ".width");
        }
        OrtEnvironment environment = OnnxRuntime.start();
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(2);
            options.addConfigEntry("slipstream.operators.isa", set.option());
            options.registerCustomOpLibrary(NativeOperators.library().orElseThrow().toString());
            for (String name : names) {
                if (!name.isEmpty()) {
                    float[] numbers = values.get(name);
                    long[] shape = {numbers.length / width, width};
                    inputs.put(
                            name,
                            OnnxTensor.createTensor(environment, FloatBuffer.wrap(numbers), shape));
                }
            }
            try (OrtSession session =
                            environment.createSession(model.toProto().toByteArray(), options);
                    OrtSession.Result result = session.run(inputs)) {
                Map<String, float[]> found = new LinkedHashMap<>();
                for (String name : results) {
                    FloatBuffer buffer =
                            ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
                    float[] numbers = new float[buffer.remaining()];
                    buffer.get(numbers);
                    found.put(name, numbers);
                }
                return found;
            }
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private static float[] coarse(Random random, int size) {
        float[] values = drawn(random, size);
        for (int i = 0; i < size; i++) {
            values[i] = ProductReference.coarse(2 * values[i]);
        }
        return values;
    }

    private static float[] drawn(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
