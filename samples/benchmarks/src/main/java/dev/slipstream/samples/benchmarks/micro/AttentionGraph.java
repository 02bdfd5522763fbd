package dev.slipstream.samples.benchmarks.micro;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.OnnxRuntime;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Layers of nothing but attention, over the same new rows, each with keys and values of its own:
 * together they are larger than a second-level cache, as a model's are. All outputs and all keys
 * and values are bound once, so that a run makes no tensor.
 */
abstract class AttentionGraph implements AutoCloseable {
    /** Of the graph. */
    static final int LAYERS = 20;

    private static final String OUTPUT = "output.";

    final AttentionHeads heads;
    final int past;
    final int rows;
    final OrtEnvironment environment = OnnxRuntime.start();
    private final List<OnnxTensor> tensors = new ArrayList<>();
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    private final Map<String, OnnxValue> outputs = new LinkedHashMap<>();
    private final FloatBuffer[] results = new FloatBuffer[LAYERS];
    private @Nullable OrtSession session;

    AttentionGraph(AttentionHeads heads, int past, int rows) {
        this.heads = heads;
        this.past = past;
        this.rows = rows;
    }

    /** Adds inputs and attention of all layers; results are called {@link #result}. */
    abstract void write(GraphBuilder graph);

    /** Chooses what the session needs. */
    abstract void configure(OrtSession.SessionOptions options) throws OrtException;

    /** Binds what {@link #write} declared. */
    abstract void bind() throws OrtException;

    final String result(int layer) {
        return OUTPUT + layer;
    }

    /** Opens the session and draws queries, keys and values, the same for every kind of graph. */
    final void open(int threads) throws OrtException {
        OnnxModel model = new OnnxModel("attention");
        GraphBuilder graph = new GraphBuilder(model);
        graph.input("query", ElementType.FLOAT, 1, rows, heads.packed());
        graph.input("cos", ElementType.FLOAT, past + rows, heads.size() / 2);
        graph.input("sin", ElementType.FLOAT, past + rows, heads.size() / 2);
        write(graph);
        for (int layer = 0; layer < LAYERS; layer++) {
            graph.output(result(layer), ElementType.FLOAT, 1, rows, heads.output());
        }
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            configure(options);
            session = environment.createSession(model.toProto().toByteArray(), options);
        }
        FloatBuffer query = buffer(rows * heads.packed());
        draw(query, new Random(1));
        input("query", floats(query, 1, rows, heads.packed()));
        input("cos", rotary(Math::cos));
        input("sin", rotary(Math::sin));
        for (int layer = 0; layer < LAYERS; layer++) {
            results[layer] = buffer(rows * heads.output());
            output(result(layer), floats(results[layer], 1, rows, heads.output()));
        }
        bind();
    }

    /** Runs all layers. */
    final void run() throws OrtException {
        Objects.requireNonNull(session).run(inputs, Set.of(), outputs, null).close();
    }

    /** Returns the rows that the latest run gave for a layer, {@code [rows, heads x size]}. */
    final float[] rows(int layer) {
        return LogitCheck.copy(results[layer]);
    }

    /** Draws keys or values of a layer into {@code [kvHeads, past + rows, size]}. */
    final void drawPast(FloatBuffer target, int layer, int which) {
        draw(target, new Random(2 + 2L * layer + which));
    }

    /** Returns the number of keys or values of a layer. */
    final int pastLength() {
        return heads.kvHeads() * (past + rows) * heads.size();
    }

    final void input(String name, OnnxTensor tensor) {
        inputs.put(name, tensor);
    }

    final void output(String name, OnnxTensor tensor) {
        outputs.put(name, tensor);
    }

    final OnnxTensor floats(FloatBuffer values, long... shape) throws OrtException {
        return owned(OnnxTensor.createTensor(environment, values, shape));
    }

    final OnnxTensor ints(int[] values, long... shape) throws OrtException {
        return owned(OnnxTensor.createTensor(environment, IntBuffer.wrap(values), shape));
    }

    final OnnxTensor longs(long[] values, long... shape) throws OrtException {
        return owned(OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape));
    }

    static FloatBuffer buffer(int length) {
        return ByteBuffer.allocateDirect(length * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    private OnnxTensor rotary(DoubleUnaryOperator function) throws OrtException {
        int half = heads.size() / 2;
        FloatBuffer table = buffer((past + rows) * half);
        for (int position = 0; position < past + rows; position++) {
            for (int i = 0; i < half; i++) {
                double angle = position * Math.pow(10_000, -(double) i / half);
                table.put(position * half + i, (float) function.applyAsDouble(angle));
            }
        }
        return floats(table, past + rows, half);
    }

    private static void draw(FloatBuffer target, Random random) {
        for (int i = 0; i < target.capacity(); i++) {
            target.put(i, (float) random.nextGaussian());
        }
    }

    private OnnxTensor owned(OnnxTensor tensor) {
        tensors.add(tensor);
        return tensor;
    }

    @Override
    public void close() throws OrtException {
        if (session != null) {
            session.close();
        }
        tensors.forEach(OnnxTensor::close);
    }
}
