package dev.slipstream.pass;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.OnnxRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A graph of ours in a bare session on one thread: the same run again and again. */
final class BareDecoder implements AutoCloseable {
    private final OrtEnvironment environment = OnnxRuntime.start();
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();

    /**
     * Opens a graph.
     *
     * @param file where it is written
     * @param tokens new ones
     * @param past tokens before them, of whom keys and values are zeros
     * @param profile prefix of a profile's file; "" for none
     */
    BareDecoder(OnnxModel graph, Path file, int[] tokens, int past, String profile)
            throws IOException, OrtException {
        graph.write(file);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            if (!profile.isEmpty()) {
                options.enableProfiling(profile);
            }
            session = environment.createSession(file.toString(), options);
        }
        int n = tokens.length;
        long[] shape = {1, n};
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        long[] positions = new long[n];
        Arrays.setAll(positions, i -> i);
        put("input_ids", OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), shape));
        put(
                "logit_positions",
                OnnxTensor.createTensor(environment, LongBuffer.wrap(positions), new long[] {n}));
        put(
                "seqlens_k",
                OnnxTensor.createTensor(
                        environment, IntBuffer.wrap(new int[] {past + n - 1}), new long[] {1}));
        put(
                "total_sequence_length",
                OnnxTensor.createTensor(
                        environment, IntBuffer.wrap(new int[] {past + n}), new long[0]));
        for (var input : graph.inputs()) {
            if (input.getName().startsWith("past")) {
                var dimensions = input.getType().getTensorType().getShape();
                long[] sizes = {
                    1,
                    dimensions.getDim(1).getDimValue(),
                    past + n,
                    dimensions.getDim(3).getDimValue()
                };
                put(
                        input.getName(),
                        OnnxTensor.createTensor(
                                environment,
                                FloatBuffer.allocate((int) (sizes[1] * sizes[2] * sizes[3])),
                                sizes));
            }
        }
    }

    /** Sets the knobs of each row. */
    void knobs(float[] thresholds, long[] counts, boolean rearm) throws OrtException {
        long[] shape = {thresholds.length};
        put(
                Effort.SKIP_THRESHOLDS,
                OnnxTensor.createTensor(environment, FloatBuffer.wrap(thresholds), shape));
        put(
                Effort.SKIP_COUNTS,
                OnnxTensor.createTensor(environment, LongBuffer.wrap(counts), shape));
        ByteBuffer rearms =
                ByteBuffer.allocateDirect(thresholds.length).order(ByteOrder.nativeOrder());
        for (int i = 0; i < thresholds.length; i++) {
            rearms.put(i, (byte) (rearm ? 1 : 0));
        }
        put(
                Effort.SKIP_REARMS,
                OnnxTensor.createTensor(
                        environment, rearms, shape, ai.onnxruntime.OnnxJavaType.BOOL));
    }

    /** Sets which switched sub-layers are computed. */
    void gates(boolean... on) throws OrtException {
        put(Effort.GATES, OnnxTensor.createTensor(environment, on));
    }

    private void put(String name, OnnxTensor tensor) {
        OnnxTensor before = inputs.put(name, tensor);
        if (before != null) {
            before.close();
        }
    }

    /** Runs once and returns what was skipped; empty for a graph without gates. */
    boolean[][] run() throws OrtException {
        try (OrtSession.Result result = session.run(inputs)) {
            return result.get(Effort.SKIPPED).isPresent()
                    ? (boolean[][]) result.get(Effort.SKIPPED).get().getValue()
                    : new boolean[0][];
        }
    }

    /** Ends the profile and returns its file. */
    String profile() throws OrtException {
        return session.endProfiling();
    }

    @Override
    public void close() throws OrtException {
        session.close();
        inputs.values().forEach(OnnxTensor::close);
    }
}
