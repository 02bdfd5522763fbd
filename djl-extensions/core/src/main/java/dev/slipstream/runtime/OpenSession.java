package dev.slipstream.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.OnnxModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A session of ONNX Runtime over a decoder, with all that it needs.
 *
 * @param name of the model, for messages
 * @param weights that it uses where they lie
 * @param notes of the model's file
 * @param marks of what computes beside ONNX Runtime and native attention
 */
record OpenSession(
        String name, OrtSession session, List<OnnxTensor> weights, GateNotes notes, String marks) {

    /**
     * Opens a graph.
     *
     * @param saved an empty directory for what {@link #saved} opens; null leaves nothing behind
     * @throws InferenceException if ONNX Runtime refuses it
     */
    static OpenSession of(
            OnnxModel model, int contextLength, RuntimeOptions options, @Nullable Path saved) {
        OnnxRuntime.start();
        Device device = options.device().resolve();
        List<OnnxTensor> weights = new ArrayList<>();
        try (OrtSession.SessionOptions settings =
                SessionSettings.settings(options.withDevice(device))) {
            // The native operators are for processors: a GPU runs the portable form.
            boolean natively = device == Device.CPU && OperatorLibraries.register(settings);
            RunnableGraph runnable =
                    natively
                            ? RunnableGraph.natively(model, contextLength, options)
                            : RunnableGraph.portably(model, mark(device), options);
            GateNotes notes = GateNotes.read(model.metadata());
            String marks = runnable.operators();
            SavedSession.save(saved, settings, runnable.graph(), model.name(), marks);
            return new OpenSession(
                    model.name(),
                    SessionSettings.open(runnable.graph(), settings, weights, device),
                    weights,
                    notes,
                    marks);
        } catch (OrtException | RuntimeException e) {
            weights.forEach(OnnxTensor::close);
            throw InferenceException.opening(model.name(), e);
        }
    }

    /**
     * Opens a file as it is.
     *
     * @param saved as for a graph
     * @throws InferenceException if ONNX Runtime refuses it
     */
    static OpenSession of(Path file, RuntimeOptions options, @Nullable Path saved) {
        OrtEnvironment environment = OnnxRuntime.start();
        Device device = options.device().resolve();
        try (OrtSession.SessionOptions settings =
                SessionSettings.settings(options.withDevice(device))) {
            SavedSession.save(saved, settings, null, file.toString(), "");
            return of(file.toString(), environment, file, settings, mark(device));
        } catch (OrtException | RuntimeException e) {
            throw InferenceException.opening(file.toString(), e);
        }
    }

    /**
     * Opens what an earlier session left behind.
     *
     * @throws InferenceException if the directory cannot be read, or ONNX Runtime refuses it
     */
    static OpenSession saved(Path directory, RuntimeOptions options) {
        OrtEnvironment environment = OnnxRuntime.start();
        try (OrtSession.SessionOptions settings = SessionSettings.settings(options)) {
            SavedSession facts = SavedSession.read(directory);
            OperatorLibraries.register(settings);
            return of(facts.name(), environment, facts.model(), settings, facts.operators());
        } catch (OrtException | RuntimeException e) {
            throw InferenceException.opening(directory.toString(), e);
        }
    }

    private static OpenSession of(
            String name,
            OrtEnvironment environment,
            Path file,
            OrtSession.SessionOptions settings,
            String marks)
            throws OrtException {
        OrtSession session = environment.createSession(file.toString(), settings);
        try {
            GateNotes notes = GateNotes.read(session.getMetadata().getCustomMetadata());
            return new OpenSession(name, session, List.of(), notes, marks);
        } catch (OrtException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /** Frees the session and the tensors over its weights. */
    void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new InferenceException(name + ": could not be closed: " + e.getMessage(), e);
        } finally {
            weights.forEach(OnnxTensor::close);
        }
    }

    private static String mark(Device device) {
        return device == Device.GPU ? "+cuda" : "";
    }
}
