package dev.slipstream.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The gates among a decoder's inputs and outputs, by number; 0 where there is no such gate.
 *
 * @param switches elements of {@link Effort#GATES}
 * @param layers elements of {@link Effort#WIDTHS}
 * @param skippable rows of {@link Effort#SKIPPED}
 */
record GateShape(int switches, int layers, int skippable) {
    private static final Map<String, OnnxJavaType> ROWS =
            Map.of(
                    Effort.SKIP_THRESHOLDS, OnnxJavaType.FLOAT,
                    Effort.SKIP_COUNTS, OnnxJavaType.INT64,
                    Effort.SKIP_REARMS, OnnxJavaType.BOOL);

    /**
     * Reads a model's gates, and compares them with its metadata.
     *
     * @throws InferenceException if they contradict each other
     */
    static GateShape of(OrtSession session, GateNotes notes, String model) throws OrtException {
        Map<String, NodeInfo> inputs = session.getInputInfo();
        Map<String, NodeInfo> outputs = session.getOutputInfo();
        int switches = length(inputs, Effort.GATES, OnnxJavaType.BOOL, model);
        int layers = length(inputs, Effort.WIDTHS, OnnxJavaType.INT64, model);
        requireNoted(model, Effort.GATES, switches, notes.switched().size());
        requireNoted(model, Effort.WIDTHS, Math.min(1, layers), Math.min(1, notes.widths().size()));
        GateNotes.Skips skips = notes.skips();
        int skippable = skips == null ? 0 : skips.layers().size();
        boolean[] found = {false, false};
        ROWS.forEach((name, type) -> found[check(inputs, name, type, model) ? 1 : 0] = true);
        found[check(outputs, Effort.SKIPPED, OnnxJavaType.BOOL, model) ? 1 : 0] = true;
        if (found[1] && found[0]) {
            throw new InferenceException(
                    "%s: expected inputs %s and an output %s together, found inputs %s and outputs %s; make the model again from its plan"
                            .formatted(
                                    model,
                                    List.of(
                                            Effort.SKIP_THRESHOLDS,
                                            Effort.SKIP_COUNTS,
                                            Effort.SKIP_REARMS),
                                    Effort.SKIPPED,
                                    inputs.keySet(),
                                    outputs.keySet()));
        }
        requireNoted(model, Effort.SKIPPED, found[1] ? 1 : 0, Math.min(1, skippable));
        return new GateShape(switches, layers, skippable);
    }

    /** Returns how many sub-layers of a token may be left out. */
    int gated() {
        return switches + skippable;
    }

    private static int length(
            Map<String, NodeInfo> inputs, String name, OnnxJavaType type, String model) {
        if (!check(inputs, name, type, model)) {
            return 0;
        }
        long[] shape = ((TensorInfo) inputs.get(name).getInfo()).getShape();
        if (shape.length != 1 || shape[0] <= 0) {
            throw new InferenceException(
                    "%s: input %s: expected one dimension of a fixed size, found %s"
                            .formatted(model, name, Arrays.toString(shape)));
        }
        return Math.toIntExact(shape[0]);
    }

    /** Tells whether a tensor of this name is there; it must be of this type. */
    private static boolean check(
            Map<String, NodeInfo> infos, String name, OnnxJavaType type, String model) {
        NodeInfo info = infos.get(name);
        if (info == null) {
            return false;
        }
        if (info.getInfo() instanceof TensorInfo tensor && tensor.type == type) {
            return true;
        }
        throw new InferenceException(
                "%s: %s: expected a tensor of %s, found %s"
                        .formatted(model, name, type, info.getInfo()));
    }

    private static void requireNoted(String model, String name, int found, int noted) {
        if (found != noted) {
            throw new InferenceException(
                    "%s: %s: expected as many gates in the graph as in its metadata, found %d and %d; make the model again from its plan"
                            .formatted(model, name, found, noted));
        }
    }
}
