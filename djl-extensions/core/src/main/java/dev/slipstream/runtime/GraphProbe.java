package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.slipstream.graph.OnnxModel;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Runs whole sequences through a graph, a decoder's with an empty past or an encoder's, and shows
 * any of its values: for what has to be known before a graph is rewritten. The graph is run as it
 * is, with ONNX Runtime's own operators.
 */
public final class GraphProbe implements AutoCloseable {
    private final String name;
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final List<OnnxTensor> weights;
    private final List<String> values;
    private final int widest;

    private GraphProbe(
            String name,
            OrtEnvironment environment,
            OrtSession session,
            List<OnnxTensor> weights,
            List<String> values,
            int widest) {
        this.name = name;
        this.environment = environment;
        this.session = session;
        this.weights = weights;
        this.values = values;
        this.widest = widest;
    }

    /**
     * A value of the graph: floats, row-major, valid while the run's function runs; those of 16
     * bits are widened.
     */
    public record Value(List<Long> shape, FloatBuffer floats) {
        /** Copies the shape. */
        public Value {
            shape = List.copyOf(shape);
        }
    }

    /**
     * Opens a graph.
     *
     * @param graph not changed
     * @param values the names of floating-point values to show, outputs or inner ones
     * @param options threads
     * @throws InferenceException if ONNX Runtime refuses the graph
     */
    public static GraphProbe open(OnnxModel graph, List<String> values, RuntimeOptions options) {
        int widest = GateNotes.read(graph.metadata()).widths().size() - 1;
        OnnxModel shown = graph.copy();
        Set<String> outputs = new HashSet<>();
        shown.outputs().forEach(output -> outputs.add(output.getName()));
        for (String value : values) {
            if (outputs.add(value)) {
                shown.outputs().add(output(value));
            }
        }
        OrtEnvironment environment = OnnxRuntime.start();
        List<OnnxTensor> weights = new ArrayList<>();
        try (OrtSession.SessionOptions settings =
                SessionSettings.settings(options.withDevice(Device.CPU))) {
            OrtSession session = SessionSettings.open(shown, settings, weights);
            return new GraphProbe(
                    graph.name(), environment, session, weights, List.copyOf(values), widest);
        } catch (OrtException | RuntimeException e) {
            weights.forEach(OnnxTensor::close);
            throw new InferenceException(
                    "%s: ONNX Runtime cannot open it: %s".formatted(graph.name(), e.getMessage()),
                    e);
        }
    }

    /**
     * Runs one sequence.
     *
     * @param tokens ids of the whole sequence
     * @param extra further inputs of the graph by name, as 32-bit floats of one dimension; what
     *     decides on skipping may be left out, then nothing is skipped
     * @param reader takes the values by name; what it returns must not hold on to them
     * @return what {@code reader} returned
     * @throws InferenceException if the run fails, or the graph has an input that is not known
     */
    public <T> T run(
            int[] tokens, Map<String, float[]> extra, Function<Map<String, Value>, T> reader) {
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        try {
            for (NodeInfo info : session.getInputInfo().values()) {
                float[] given = extra.get(info.getName());
                inputs.put(
                        info.getName(),
                        given == null ? input(info, tokens) : vector(given, type(info)));
            }
            try (OrtSession.Result result = session.run(inputs, new HashSet<>(values))) {
                Map<String, Value> shown = new LinkedHashMap<>();
                for (Map.Entry<String, OnnxValue> entry : result) {
                    OnnxTensor tensor = (OnnxTensor) entry.getValue();
                    List<Long> shape = new ArrayList<>();
                    for (long dimension : tensor.getInfo().getShape()) {
                        shape.add(dimension);
                    }
                    FloatBuffer floats = tensor.getFloatBuffer();
                    if (floats == null) {
                        throw new InferenceException(
                                "%s: value %s: expected floats, found %s"
                                        .formatted(name, entry.getKey(), tensor.getInfo()));
                    }
                    shown.put(entry.getKey(), new Value(shape, floats));
                }
                return reader.apply(shown);
            }
        } catch (OrtException e) {
            throw new InferenceException(
                    "%s failed on a sequence of %d tokens: %s"
                            .formatted(name, tokens.length, e.getMessage()),
                    e);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor input(NodeInfo info, int[] tokens) throws OrtException {
        int n = tokens.length;
        String input = info.getName();
        OnnxJavaType type = type(info);
        long[] shape = ((TensorInfo) info.getInfo()).getShape().clone();
        if (input.startsWith("past")) {
            return past(type, shape);
        }
        int[] numbers = new int[n];
        switch (input) {
            case "input_ids" -> System.arraycopy(tokens, 0, numbers, 0, n);
            case "position_ids", "logit_positions" -> {
                for (int i = 0; i < n; i++) {
                    numbers[i] = i;
                }
            }
            case "attention_mask" -> Arrays.fill(numbers, 1);
            case "token_type_ids" -> {
                // All of the first segment.
            }
            case "seqlens_k" -> numbers = new int[] {n - 1};
            case "total_sequence_length", "num_logits_to_keep" -> numbers = new int[] {n};
            case "use_cache_branch", "draft" -> numbers = new int[] {0};
            case Effort.SKIP_THRESHOLDS -> {
                float[] never = new float[n];
                Arrays.fill(never, 2);
                return vector(never, type);
            }
            case Effort.SKIP_COUNTS, Effort.SKIP_REARMS -> {
                // Zeros: nothing is skipped.
            }
            case Effort.GATES -> {
                numbers = new int[(int) shape[0]];
                Arrays.fill(numbers, 1);
            }
            case Effort.WIDTHS -> {
                numbers = new int[(int) shape[0]];
                Arrays.fill(numbers, widest);
            }
            default ->
                    throw new InferenceException(
                            "%s: input %s %s is not known to Slipstream"
                                    .formatted(name, input, Arrays.toString(shape)));
        }
        long[] actual =
                shape.length == 2
                        ? new long[] {1, numbers.length}
                        : shape.length == 1 ? new long[] {numbers.length} : new long[0];
        return numbers(numbers, type, actual);
    }

    /** Nothing before the sequence: no keys and values, and states of zeros. */
    private OnnxTensor past(OnnxJavaType type, long[] shape) throws OrtException {
        int batch = shape.length == 5 ? 1 : 0;
        long elements = 1;
        for (int i = 0; i < shape.length; i++) {
            if (i == batch) {
                shape[i] = 1;
            } else if (shape[i] < 0) {
                shape[i] = 0;
            }
            elements *= shape[i];
        }
        return OnnxTensor.createTensor(
                environment, Buffers.allocate(elements * type.size), shape, type);
    }

    private OnnxTensor vector(float[] given, OnnxJavaType type) throws OrtException {
        long[] shape = {given.length};
        if (type == OnnxJavaType.FLOAT) {
            ByteBuffer buffer = Buffers.allocate((long) given.length * Float.BYTES);
            buffer.asFloatBuffer().put(given);
            return OnnxTensor.createTensor(environment, buffer, shape, type);
        }
        int[] numbers = new int[given.length];
        for (int i = 0; i < given.length; i++) {
            numbers[i] = (int) given[i];
        }
        return numbers(numbers, type, shape);
    }

    private OnnxTensor numbers(int[] numbers, OnnxJavaType type, long[] shape) throws OrtException {
        ByteBuffer buffer = Buffers.allocate((long) numbers.length * type.size);
        for (int i = 0; i < numbers.length; i++) {
            if (type == OnnxJavaType.BOOL) {
                buffer.put(i, (byte) numbers[i]);
            } else {
                Step.put(buffer, type, i, numbers[i]);
            }
        }
        return OnnxTensor.createTensor(environment, buffer, shape, type);
    }

    private static OnnxJavaType type(NodeInfo info) {
        return ((TensorInfo) info.getInfo()).type;
    }

    /** Without a type, for which ONNX Runtime takes the one that it infers, of 16 bits too. */
    private static ValueInfoProto output(String value) {
        return ValueInfoProto.newBuilder().setName(value).build();
    }

    /** Frees the graph. */
    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new InferenceException(name + ": could not be closed: " + e.getMessage(), e);
        } finally {
            weights.forEach(OnnxTensor::close);
        }
    }
}
