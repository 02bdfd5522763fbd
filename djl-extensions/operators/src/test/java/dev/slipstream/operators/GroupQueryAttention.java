package dev.slipstream.operators;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.OnnxRuntime;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** ONNX Runtime's own operator over one sequence, all of whose rows are new. */
final class GroupQueryAttention implements AutoCloseable {
    private final Heads heads;
    private final OrtEnvironment environment = OnnxRuntime.start();
    private final OrtSession session;

    GroupQueryAttention(Heads heads) throws OrtException {
        this.heads = heads;
        OnnxModel model = new OnnxModel("gqa");
        GraphBuilder graph = new GraphBuilder(model);
        graph.input("query", ElementType.FLOAT, 1, "rows", heads.packed());
        for (String past : List.of("past_key", "past_value")) {
            graph.input(past, ElementType.FLOAT, 1, heads.kvHeads(), "past", heads.size());
        }
        graph.input("lengths", ElementType.INT32, 1);
        graph.input("total", ElementType.INT32);
        graph.input("cos", ElementType.FLOAT, "positions", heads.size() / 2);
        graph.input("sin", ElementType.FLOAT, "positions", heads.size() / 2);
        List<String> outputs =
                graph.node(
                                "GroupQueryAttention",
                                "com.microsoft",
                                List.of(
                                        "query",
                                        "",
                                        "",
                                        "past_key",
                                        "past_value",
                                        "lengths",
                                        "total",
                                        "cos",
                                        "sin"))
                        .attribute("num_heads", heads.heads())
                        .attribute("kv_num_heads", heads.kvHeads())
                        .attribute("do_rotary", 1)
                        .attribute("scale", heads.scale())
                        .attribute("local_window_size", heads.window())
                        .outputs("output", "key", "value");
        graph.output(outputs.get(0), ElementType.FLOAT, 1, "rows", heads.output());
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            session = environment.createSession(model.toProto().toByteArray(), options);
        }
    }

    float[] run(Rotary rotary, float[] rows) throws OrtException {
        int count = rows.length / heads.packed();
        long[] empty = {1, heads.kvHeads(), 0, heads.size()};
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try {
            inputs.put("query", floats(rows, 1, count, heads.packed()));
            inputs.put("past_key", floats(new float[0], empty));
            inputs.put("past_value", floats(new float[0], empty));
            inputs.put("lengths", ints(count - 1, 1));
            inputs.put("total", ints(count));
            inputs.put("cos", OnnxTensor.createTensor(environment, rotary.cos(), rotary.shape()));
            inputs.put("sin", OnnxTensor.createTensor(environment, rotary.sin(), rotary.shape()));
            try (OrtSession.Result result = session.run(inputs)) {
                FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
                float[] values = new float[output.remaining()];
                output.get(values);
                return values;
            }
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor floats(float[] values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
    }

    private OnnxTensor ints(int value, long... shape) throws OrtException {
        return OnnxTensor.createTensor(environment, IntBuffer.wrap(new int[] {value}), shape);
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
