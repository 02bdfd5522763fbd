package dev.slipstream.operators;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.runtime.OnnxRuntime;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One QuantizedMatMul or QuantizedFeedForward over matrices of a test. */
final class ProductSession implements AutoCloseable {
    static final float EPSILON = 1e-5f;

    /** What the node computes before its products. */
    enum Before {
        NOTHING,
        NORM,
        SUM_AND_NORM
    }

    /** The results, and the sum that goes on beside them; empty if there is none. */
    record Result(float[] output, float[] sum) {}

    private final OrtEnvironment environment = OnnxRuntime.start();
    private final List<OnnxTensor> weights = new ArrayList<>();
    private final OrtSession session;
    private final Before before;
    private final int inputs;

    private ProductSession(
            List<DrawnMatrix> matrices,
            Before before,
            float[] weight,
            InstructionSet set,
            int threads)
            throws OrtException {
        this.before = before;
        inputs = matrices.get(0).inputs();
        boolean feedForward = matrices.size() == 3;
        OnnxModel model = new OnnxModel("products");
        model.opsets().put("dev.slipstream", 1);
        GraphBuilder b = new GraphBuilder(model);
        List<String> names = new ArrayList<>();
        names.add(b.input("x", ElementType.FLOAT, 1, "rows", inputs));
        for (DrawnMatrix matrix : matrices) {
            names.add(b.initializer("tiles" + names.size(), matrix.tiles()));
        }
        if (before != Before.NOTHING) {
            names.add(
                    before == Before.NORM
                            ? ""
                            : b.input("branch", ElementType.FLOAT, 1, "rows", inputs));
            names.add(b.initializer("weight", floats(weight)));
        }
        int outputs = matrices.get(matrices.size() - 1).outputs();
        NodeBuilder node =
                b.node(
                                feedForward ? "QuantizedFeedForward" : "QuantizedMatMul",
                                "dev.slipstream",
                                names)
                        .attribute("outputs", outputs)
                        .attribute("epsilon", EPSILON);
        if (feedForward) {
            node.attribute("neurons", matrices.get(0).outputs());
        }
        if (before == Before.SUM_AND_NORM) {
            node.outputs("y", "sum");
            b.output("sum", ElementType.FLOAT, 1, "rows", inputs);
        } else {
            node.output("y");
        }
        b.output("y", ElementType.FLOAT, 1, "rows", outputs);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            options.addConfigEntry("slipstream.operators.isa", set.option());
            options.registerCustomOpLibrary(NativeOperators.library().orElseThrow().toString());
            supply(model, options);
            session = environment.createSession(model.toProto().toByteArray(), options);
        }
    }

    static ProductSession matMul(
            DrawnMatrix matrix, Before before, float[] weight, InstructionSet set, int threads)
            throws OrtException {
        return new ProductSession(List.of(matrix), before, weight, set, threads);
    }

    static ProductSession feedForward(
            List<DrawnMatrix> gateUpDown,
            Before before,
            float[] weight,
            InstructionSet set,
            int threads)
            throws OrtException {
        return new ProductSession(gateUpDown, before, weight, set, threads);
    }

    private void supply(OnnxModel model, OrtSession.SessionOptions options) throws OrtException {
        Map<String, OnnxTensorLike> external = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : model.externalInitializers().entrySet()) {
            Tensor tensor = entry.getValue();
            long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
            OnnxJavaType type =
                    tensor.type() == ElementType.UINT8 ? OnnxJavaType.UINT8 : OnnxJavaType.FLOAT;
            weights.add(OnnxTensor.createTensor(environment, tensor.data(), shape, type));
            external.put(entry.getKey(), weights.get(weights.size() - 1));
        }
        options.addExternalInitializers(external);
        for (Map.Entry<String, OnnxTensorLike> entry : external.entrySet()) {
            options.addInitializer(entry.getKey(), entry.getValue());
        }
    }

    static Tensor floats(float[] values) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(values.length * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new Tensor(ElementType.FLOAT, List.of((long) values.length), data);
    }

    /** Runs rows; {@code branch} is read if there is one. */
    Result run(float[] x, float[] branch) throws OrtException {
        long[] shape = {1, x.length / inputs, inputs};
        Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
        try {
            feeds.put("x", OnnxTensor.createTensor(environment, FloatBuffer.wrap(x), shape));
            if (before == Before.SUM_AND_NORM) {
                feeds.put(
                        "branch",
                        OnnxTensor.createTensor(environment, FloatBuffer.wrap(branch), shape));
            }
            try (OrtSession.Result result = session.run(feeds)) {
                return new Result(
                        values(result, "y"),
                        before == Before.SUM_AND_NORM ? values(result, "sum") : new float[0]);
            }
        } finally {
            feeds.values().forEach(OnnxTensor::close);
        }
    }

    private static float[] values(OrtSession.Result result, String name) {
        FloatBuffer buffer = ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    @Override
    public void close() throws OrtException {
        session.close();
        weights.forEach(OnnxTensor::close);
    }
}
