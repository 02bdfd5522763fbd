package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What does not fit together is refused before memory is touched. */
class SkipOperatorsErrorsTest {
    private static final String DOMAIN = "dev.slipstream";

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    /** The shapes of one run of SkipFirst, SkipGather and SkipSpread. */
    private record Shapes(long[] stream, long[] out, int knobs, long[] rows, long[] computed) {}

    @Test
    void shapesHaveToAgree() {
        long[] three = {1, 3, 8};
        assertRefused(
                new Shapes(new long[] {2, 3, 8}, three, 3, three, three),
                "SkipFirst: stream: expected the shape [1, rows, size]");
        assertRefused(
                new Shapes(three, new long[] {1, 3, 9}, 3, three, three),
                "SkipFirst: out: expected the shape of stream, [1, 3, 8]");
        assertRefused(
                new Shapes(three, three, 2, three, three),
                "SkipFirst: thresholds: expected 3 numbers, one a row, found 1 dimensions, 2");
        assertRefused(
                new Shapes(three, three, 3, new long[] {1, 4, 8}, three),
                "SkipGather: found 4 rows, but 3 in the state");
        // A threshold of 2: all three run.
        assertRefused(
                new Shapes(three, three, 3, three, new long[] {1, 2, 8}),
                "SkipSpread: computed: expected 3 rows of 8 numbers, found 2 of 8");
    }

    @Test
    void numbersAreOfARegion() {
        assertThatThrownBy(() -> open(0, 1).close())
                .isInstanceOf(OrtException.class)
                .hasMessageContaining("SkipFirst: region: expected 1 to 1048576, found 0");
        assertThatThrownBy(() -> open(2, 0).close())
                .isInstanceOf(OrtException.class)
                .hasMessageContaining("number: expected 1 to 1048576, found 0");
    }

    @Test
    void theStateHoldsTheFeedForwardsOfItsRegion() {
        long[] three = {1, 3, 8};
        Shapes shapes = new Shapes(three, three, 3, three, three);
        assertThatThrownBy(() -> run(shapes, 2, 33))
                .isInstanceOf(OrtException.class)
                .hasMessageContaining("state: expected the shape [rows, 6 or more]");
    }

    private static void assertRefused(Shapes shapes, String message) {
        assertThatThrownBy(() -> run(shapes, 2, 1))
                .isInstanceOf(OrtException.class)
                .hasMessageContaining(message);
    }

    private static OrtSession open(int region, int number) throws OrtException {
        OnnxModel model = new OnnxModel("skips");
        model.opsets().put(DOMAIN, 1);
        GraphBuilder b = new GraphBuilder(model);
        for (String name : List.of("stream", "out", "rows", "computed")) {
            b.input(name, ElementType.FLOAT, name + ".batch", name + ".rows", name + ".size");
        }
        b.input("thresholds", ElementType.FLOAT, "tokens");
        b.input("counts", ElementType.INT64, "tokens");
        b.input("rearms", ElementType.BOOL, "tokens");
        String state =
                b.node(
                                "SkipFirst",
                                DOMAIN,
                                List.of("stream", "out", "thresholds", "counts", "rearms"))
                        .attribute("region", region)
                        .output("state");
        b.node("SkipGather", DOMAIN, List.of("rows", state))
                .attribute("number", number)
                .output("gathered");
        b.node("SkipSpread", DOMAIN, List.of("stream", "computed", state))
                .attribute("number", number)
                .outputs("spread", "next");
        b.output("gathered", ElementType.FLOAT, "a", "b", "c");
        b.output("spread", ElementType.FLOAT, "d", "e", "f");
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.registerCustomOpLibrary(NativeOperators.library().orElseThrow().toString());
            return OnnxRuntime.start().createSession(model.toProto().toByteArray(), options);
        }
    }

    private static void run(Shapes shapes, int region, int number) throws OrtException {
        OrtEnvironment environment = OnnxRuntime.start();
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        try (OrtSession session = open(region, number)) {
            inputs.put("stream", zeros(environment, shapes.stream()));
            inputs.put("out", zeros(environment, shapes.out()));
            inputs.put("rows", zeros(environment, shapes.rows()));
            inputs.put("computed", zeros(environment, shapes.computed()));
            float[] thresholds = new float[shapes.knobs()];
            Arrays.fill(thresholds, 2);
            long[] size = {shapes.knobs()};
            inputs.put(
                    "thresholds",
                    OnnxTensor.createTensor(environment, FloatBuffer.wrap(thresholds), size));
            inputs.put(
                    "counts",
                    OnnxTensor.createTensor(
                            environment, LongBuffer.wrap(new long[shapes.knobs()]), size));
            inputs.put("rearms", OnnxTensor.createTensor(environment, new boolean[shapes.knobs()]));
            session.run(inputs).close();
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private static OnnxTensor zeros(OrtEnvironment environment, long[] shape) throws OrtException {
        float[] values = new float[Math.toIntExact(shape[0] * shape[1] * shape[2])];
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
    }
}
