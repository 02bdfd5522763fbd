package dev.slipstream.operators;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.OnnxRuntime;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A graph that skips, in a session of its own with the operators: whole texts in. */
final class SkippingSession implements AutoCloseable {
    private final OrtEnvironment environment = OnnxRuntime.start();
    private final OrtSession session;
    private final OnnxModel graph;

    /** How readily the rows of a run skip. */
    record Knobs(float[] thresholds, long[] counts, boolean[] rearms) {}

    /** What came out; {@code skipped} by skippable layer and row, {@code shown} by name. */
    record Outcome(float[] logits, boolean[][] skipped, Map<String, float[]> shown) {}

    /**
     * Opens a graph.
     *
     * @param file where it is written
     * @param shown further values of floats by row
     */
    SkippingSession(OnnxModel graph, Path file, InstructionSet set, List<String> shown)
            throws IOException, OrtException {
        this.graph = graph.copy();
        GraphBuilder outputs = new GraphBuilder(this.graph);
        shown.forEach(name -> outputs.output(name, ElementType.FLOAT, "one", "tokens"));
        this.graph.write(file);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.addConfigEntry("slipstream.operators.isa", set.option());
            options.registerCustomOpLibrary(NativeOperators.library().orElseThrow().toString());
            session = environment.createSession(file.toString(), options);
        }
    }

    Outcome run(int[] tokens, Knobs knobs) throws OrtException {
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        try {
            WholeText.feed(environment, graph, tokens, inputs);
            long[] rows = {tokens.length};
            inputs.put(
                    Effort.SKIP_THRESHOLDS,
                    OnnxTensor.createTensor(
                            environment, FloatBuffer.wrap(knobs.thresholds()), rows));
            inputs.put(
                    Effort.SKIP_COUNTS,
                    OnnxTensor.createTensor(environment, LongBuffer.wrap(knobs.counts()), rows));
            inputs.put(Effort.SKIP_REARMS, OnnxTensor.createTensor(environment, knobs.rearms()));
            try (OrtSession.Result result = session.run(inputs)) {
                Map<String, float[]> shown = new LinkedHashMap<>();
                for (var output : result) {
                    OnnxTensor tensor = (OnnxTensor) output.getValue();
                    if (tensor.getInfo().type == OnnxJavaType.FLOAT) {
                        FloatBuffer floats = tensor.getFloatBuffer();
                        float[] values = new float[floats.remaining()];
                        floats.get(values);
                        shown.put(output.getKey(), values);
                    }
                }
                boolean[][] skipped =
                        (boolean[][]) result.get(Effort.SKIPPED).orElseThrow().getValue();
                return new Outcome(shown.get("logits"), skipped, shown);
            }
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
