package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.operators.ProductSession.Before;
import dev.slipstream.operators.ProductSession.Result;
import dev.slipstream.runtime.OnnxRuntime;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The quantised products against plain Java, to the bit. */
class QuantizedProductsTest {
    private static final int ROUNDS = 3;
    private static final int[] ROWS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 33, 63, 64, 70, 130};

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @ParameterizedTest
    @EnumSource
    void productsAreThoseOfTheDefinition(Before before) throws OrtException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            ProductReference reference = new ProductReference(set);
            for (int round = 0; round < ROUNDS; round++) {
                DrawnMatrix matrix =
                        DrawnMatrix.draw(random, bits(round), size(random), size(random));
                float[] weight = drawn(random, matrix.inputs());
                int threads = 1 + random.nextInt(2);
                String what =
                        "%s, %s, %d bits, %d outputs, %d inputs, %d threads, seed %d"
                                .formatted(
                                        set,
                                        before,
                                        matrix.bits(),
                                        matrix.outputs(),
                                        matrix.inputs(),
                                        threads,
                                        seed);
                try (ProductSession session =
                        ProductSession.matMul(matrix, before, weight, set, threads)) {
                    check(
                            session,
                            random,
                            before,
                            weight,
                            row -> reference.product(row, matrix),
                            what);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void feedForwardsAreThoseOfTheDefinition(Before before) throws OrtException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            ProductReference reference = new ProductReference(set);
            for (int round = 0; round < ROUNDS; round++) {
                int inputs = size(random);
                int neurons = size(random);
                DrawnMatrix gate = DrawnMatrix.draw(random, bits(round), neurons, inputs);
                DrawnMatrix up = DrawnMatrix.draw(random, bits(random.nextInt(2)), neurons, inputs);
                DrawnMatrix down = DrawnMatrix.draw(random, bits(round), size(random), neurons);
                float[] weight = drawn(random, inputs);
                int threads = 1 + random.nextInt(2);
                String what =
                        "%s, %s, %d inputs, %d neurons, %d outputs, %d threads, seed %d"
                                .formatted(
                                        set,
                                        before,
                                        inputs,
                                        neurons,
                                        down.outputs(),
                                        threads,
                                        seed);
                try (ProductSession session =
                        ProductSession.feedForward(
                                List.of(gate, up, down), before, weight, set, threads)) {
                    check(
                            session,
                            random,
                            before,
                            weight,
                            row -> reference.feedForward(row, gate, up, down),
                            what);
                }
            }
        }
    }

    /** What is expected of a row, normed where there is a norm. */
    private interface Expected {
        float[] of(float[] row);
    }

    private static void check(
            ProductSession session,
            Random random,
            Before before,
            float[] weight,
            Expected expected,
            String what)
            throws OrtException {
        int inputs = weight.length;
        for (int trial = 0; trial < 3; trial++) {
            int rows = ROWS[random.nextInt(ROWS.length)];
            float[] x = coarse(random, rows * inputs);
            float[] branch = coarse(random, rows * inputs);
            float[] sum = x.clone();
            for (int i = 0; i < sum.length && before == Before.SUM_AND_NORM; i++) {
                sum[i] += branch[i];
            }
            Result result = session.run(x, branch);
            String here = "%d rows, %s".formatted(rows, what);
            int outputs = result.output().length / rows;
            for (int r = 0; r < rows; r++) {
                float[] row = Arrays.copyOfRange(sum, r * inputs, (r + 1) * inputs);
                if (before != Before.NOTHING) {
                    row = ProductReference.norm(row, weight, ProductSession.EPSILON);
                }
                assertThat(Arrays.copyOfRange(result.output(), r * outputs, (r + 1) * outputs))
                        .as("row %d of %s", r, here)
                        .isEqualTo(expected.of(row));
            }
            assertThat(result.sum())
                    .as(here)
                    .isEqualTo(before == Before.SUM_AND_NORM ? sum : new float[0]);
        }
    }

    @Test
    void rowsAreLookedUp() throws OrtException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 2 * ROUNDS; round++) {
            DrawnMatrix table = DrawnMatrix.draw(random, bits(round), size(random), size(random));
            long[] ids = random.longs(1 + random.nextInt(9), 0, table.outputs()).toArray();
            float[][] found = lookUp(table, ids);
            for (int i = 0; i < ids.length; i++) {
                float[] row = new float[table.inputs()];
                for (int j = 0; j < row.length; j++) {
                    row[j] = table.value((int) ids[i], j);
                }
                assertThat(found[i]).as("row %d, seed %d", ids[i], seed).isEqualTo(row);
            }
        }
    }

    private static float[][] lookUp(DrawnMatrix table, long[] ids) throws OrtException {
        OnnxModel model = new OnnxModel("table");
        model.opsets().put("dev.slipstream", 1);
        GraphBuilder b = new GraphBuilder(model);
        b.input("ids", ElementType.INT64, 1, "n");
        b.input("tiles", ElementType.UINT8, "panels", "blocks", "bytes");
        b.node("QuantizedGather", "dev.slipstream", List.of("ids", "tiles"))
                .attribute("outputs", table.outputs())
                .attribute("inputs", table.inputs())
                .output("rows");
        b.output("rows", ElementType.FLOAT, 1, "n", table.inputs());
        OrtEnvironment environment = OnnxRuntime.start();
        long[] shape = table.tiles().shape().stream().mapToLong(Long::longValue).toArray();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.registerCustomOpLibrary(NativeOperators.library().orElseThrow().toString());
            try (OrtSession session =
                            environment.createSession(model.toProto().toByteArray(), options);
                    OnnxTensor tiles =
                            OnnxTensor.createTensor(
                                    environment, table.tiles().data(), shape, OnnxJavaType.UINT8);
                    OnnxTensor tokens =
                            OnnxTensor.createTensor(
                                    environment, LongBuffer.wrap(ids), new long[] {1, ids.length});
                    OrtSession.Result result = session.run(Map.of("ids", tokens, "tiles", tiles))) {
                return ((float[][][]) result.get(0).getValue())[0];
            }
        }
    }

    /** What is no number stays none, in its own row; what is all but nothing is nothing. */
    @Test
    void aRowThatIsNoNumberSaysSo() throws OrtException {
        Random random = new Random(5);
        DrawnMatrix gate = DrawnMatrix.draw(random, 4, 40, 70);
        DrawnMatrix down = DrawnMatrix.draw(random, 8, 33, 40);
        float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        for (InstructionSet set : InstructionSet.available()) {
            try (ProductSession product =
                            ProductSession.matMul(gate, Before.NOTHING, new float[0], set, 1);
                    ProductSession feedForward =
                            ProductSession.feedForward(
                                    List.of(gate, gate, down),
                                    Before.NOTHING,
                                    new float[0],
                                    set,
                                    1)) {
                for (ProductSession session : List.of(product, feedForward)) {
                    float[] x = drawn(random, 5 * gate.inputs());
                    float[] plain = session.run(x, x).output();
                    int outputs = plain.length / 5;
                    for (int i = 0; i < bad.length; i++) {
                        x[i * gate.inputs() + random.nextInt(gate.inputs())] = bad[i];
                    }
                    // The least magnitudes that floats have, of which no scale can be made.
                    for (int i = 0; i < gate.inputs(); i++) {
                        x[3 * gate.inputs() + i] = (i % 7 - 3) * Float.MIN_VALUE * 1000;
                    }
                    float[] found = session.run(x, x).output();
                    for (int i = 0; i < bad.length * outputs; i++) {
                        assertThat(found[i]).as("%s, output %d", set, i).isNaN();
                    }
                    for (int i = 3 * outputs; i < 4 * outputs; i++) {
                        assertThat(found[i]).as("%s, output %d", set, i).isZero();
                    }
                    assertThat(Arrays.copyOfRange(found, 4 * outputs, 5 * outputs))
                            .isEqualTo(Arrays.copyOfRange(plain, 4 * outputs, 5 * outputs));
                }
            }
        }
    }

    private static int bits(int round) {
        return round % 2 == 0 ? 4 : 8;
    }

    private static int size(Random random) {
        return 1 + random.nextInt(random.nextInt(4) == 0 ? 400 : 120);
    }

    private static float[] coarse(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = ProductReference.coarse(2 * random.nextGaussian());
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
