package dev.slipstream.operators;

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
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A graph of one RaggedAttention node, which works on layer 1 of its buffers. */
final class RaggedAttention implements AutoCloseable {
    static final int LAYER = 1;

    /** How queries, keys and values come in. */
    enum Layout {
        PACKED,
        SEPARATE
    }

    /** New rows [rows, packed] of a sequence that holds {@code past} already. */
    record Part(KeyValueBuffer buffer, int past, float[] rows, Sight sight) {
        Part(KeyValueBuffer buffer, int past, float[] rows) {
            this(buffer, past, rows, Sight.CAUSAL);
        }
    }

    private final Heads heads;
    private final Layout layout;
    private final int sequences;
    private final OrtEnvironment environment = OnnxRuntime.start();
    private final OrtSession session;

    RaggedAttention(Heads heads, Layout layout, int sequences, InstructionSet set, int threads)
            throws OrtException {
        this(heads, layout, sequences, set.option(), threads);
    }

    RaggedAttention(Heads heads, Layout layout, int sequences, String set, int threads)
            throws OrtException {
        this.heads = heads;
        this.layout = layout;
        this.sequences = sequences;
        // Closed before the session is: the library must stay loaded for it.
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.addConfigEntry("slipstream.operators.isa", set);
            options.registerCustomOpLibrary(NativeOperators.library().orElseThrow().toString());
            session = environment.createSession(graph(sequences).toByteArray(), options);
        }
    }

    private ai.onnx.proto.OnnxMl.ModelProto graph(int sequences) {
        OnnxModel model = new OnnxModel("ragged");
        model.opsets().put("dev.slipstream", 1);
        GraphBuilder graph = new GraphBuilder(model);
        List<String> inputs = new ArrayList<>();
        inputs.add(graph.input("query", ElementType.FLOAT, "one", "rows", "query_size"));
        for (String name : List.of("key", "value")) {
            inputs.add(
                    layout == Layout.PACKED
                            ? ""
                            : graph.input(name, ElementType.FLOAT, "one", "rows", "kv_size"));
        }
        inputs.add(graph.input("starts", ElementType.INT32, "borders"));
        inputs.add(graph.input("pasts", ElementType.INT32, "sequences"));
        inputs.add(graph.input("cos", ElementType.FLOAT, "positions", "half"));
        inputs.add(graph.input("sin", ElementType.FLOAT, "positions", "half"));
        inputs.add(graph.input("modes", ElementType.INT32, "sequences"));
        inputs.add(graph.input("places", ElementType.INT32, "placed_rows"));
        inputs.add(graph.input("sights", ElementType.INT64, "seeing_rows", "words"));
        for (int i = 0; i < sequences; i++) {
            String[] names = {"layers" + i, "two" + i, "kv" + i, "capacity" + i, "size" + i};
            inputs.add(graph.input("buffer" + i, ElementType.FLOAT, (Object[]) names));
        }
        NodeBuilder node = graph.node("RaggedAttention", "dev.slipstream", inputs);
        node.attribute("layer", LAYER)
                .attribute("num_heads", heads.heads())
                .attribute("kv_num_heads", heads.kvHeads())
                .attribute("scale", heads.scale())
                .attribute("local_window_size", heads.window());
        graph.output(node.output("output"), ElementType.FLOAT, "one", "rows", "output_size");
        return model.toProto();
    }

    int sequences() {
        return sequences;
    }

    /** Runs the rows of all parts, sequence by sequence, and returns [rows, heads, size]. */
    float[] run(Rotary rotary, List<Part> parts) throws OrtException {
        int[] starts = new int[parts.size() + 1];
        int[] pasts = new int[parts.size()];
        for (int i = 0; i < parts.size(); i++) {
            starts[i + 1] = starts[i] + parts.get(i).rows().length / heads.packed();
            pasts[i] = parts.get(i).past();
        }
        return run(rotary, parts, starts, pasts);
    }

    float[] run(Rotary rotary, List<Part> parts, int[] starts, int[] pasts) throws OrtException {
        int rows = parts.stream().mapToInt(part -> part.rows().length).sum() / heads.packed();
        float[] all = new float[rows * heads.packed()];
        int at = 0;
        for (Part part : parts) {
            System.arraycopy(part.rows(), 0, all, at, part.rows().length);
            at += part.rows().length;
        }
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try {
            if (layout == Layout.PACKED) {
                inputs.put("query", columns(all, rows, 0, heads.packed()));
            } else {
                int kv = heads.kvHeads() * heads.size();
                inputs.put("query", columns(all, rows, 0, heads.output()));
                inputs.put("key", columns(all, rows, heads.output(), kv));
                inputs.put("value", columns(all, rows, heads.output() + kv, kv));
            }
            inputs.put("starts", ints(starts));
            inputs.put("pasts", ints(pasts));
            Sights sights = Sights.of(parts, starts);
            inputs.put("modes", ints(sights.modes()));
            inputs.put("places", ints(sights.places()));
            inputs.put(
                    "sights",
                    OnnxTensor.createTensor(
                            environment, LongBuffer.wrap(sights.bits()), sights.shape()));
            inputs.put("cos", OnnxTensor.createTensor(environment, rotary.cos(), rotary.shape()));
            inputs.put("sin", OnnxTensor.createTensor(environment, rotary.sin(), rotary.shape()));
            for (int i = 0; i < parts.size(); i++) {
                KeyValueBuffer buffer = parts.get(i).buffer();
                inputs.put(
                        "buffer" + i,
                        OnnxTensor.createTensor(environment, buffer.floats(), buffer.shape()));
            }
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

    private OnnxTensor columns(float[] all, int rows, int from, int width) throws OrtException {
        FloatBuffer result = floats(rows * width);
        for (int row = 0; row < rows; row++) {
            result.put(row * width, all, row * heads.packed() + from, width);
        }
        return OnnxTensor.createTensor(environment, result, new long[] {1, rows, width});
    }

    private OnnxTensor ints(int[] values) throws OrtException {
        return OnnxTensor.createTensor(
                environment, IntBuffer.wrap(values), new long[] {values.length});
    }

    private static FloatBuffer floats(int length) {
        return ByteBuffer.allocateDirect(length * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** Cuts rows [from, to) out of rows of a length. */
    static float[] rows(float[] rows, int length, int from, int to) {
        return Arrays.copyOfRange(rows, from * length, to * length);
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
