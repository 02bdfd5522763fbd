package dev.slipstream.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What ONNX Runtime's sessions are opened with. */
final class SessionSettings {
    /**
     * A 135M int4 model at two threads, quiet: 275 tokens/s with sleeping waits, 374 to 438 with 20
     * us, 330 to 470 with 100 us, 386 to 426 without a bound. Beside busy processes the longer the
     * waits burn, the slower is a token.
     */
    private static final String BRIEF_MICROSECONDS = "20";

    /** A property, for a profile is one look at a process and no way to run it. */
    private static final String PROFILE = "slipstream.profile";

    private SessionSettings() {}

    /** Returns the settings that the options ask for; the caller closes them. */
    static OrtSession.SessionOptions settings(RuntimeOptions options) throws OrtException {
        OrtSession.SessionOptions settings = new OrtSession.SessionOptions();
        try {
            apply(options, settings);
            return settings;
        } catch (OrtException e) {
            settings.close();
            throw e;
        }
    }

    private static void apply(RuntimeOptions options, OrtSession.SessionOptions settings)
            throws OrtException {
        settings.setIntraOpNumThreads(options.threads());
        settings.setInterOpNumThreads(1);
        settings.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
        spin(options.spinning(), settings);
        // A plan is kept for every shape that ever came, and here each length is a shape.
        settings.setMemoryPatternOptimization(false);
        if (options.device().resolve() == Device.GPU) {
            settings.addCUDA(0);
        }
        String profile = System.getProperty(PROFILE);
        if (profile != null) {
            settings.enableProfiling(profile);
        }
    }

    private static void spin(Spinning spinning, OrtSession.SessionOptions settings)
            throws OrtException {
        settings.addConfigEntry(
                "session.intra_op.allow_spinning", spinning == Spinning.OFF ? "0" : "1");
        if (spinning == Spinning.BRIEF) {
            settings.addConfigEntry("session.intra_op.spin_duration_us", BRIEF_MICROSECONDS);
        }
    }

    /**
     * Opens a graph on the processor, whose large initializers are used where they lie.
     *
     * @param weights gets the tensors over them, which live as long as the session; the caller
     *     closes them, also when this fails
     */
    static OrtSession open(
            OnnxModel graph, OrtSession.SessionOptions settings, List<OnnxTensor> weights)
            throws OrtException {
        return open(graph, settings, weights, Device.CPU);
    }

    /**
     * Opens a graph, whose large initializers are used where they lie by a processor, and copied
     * into the memory of a GPU.
     *
     * @param weights gets the tensors over them, which live as long as the session; the caller
     *     closes them, also when this fails
     * @param device the one that the settings are for
     */
    static OrtSession open(
            OnnxModel graph,
            OrtSession.SessionOptions settings,
            List<OnnxTensor> weights,
            Device device)
            throws OrtException {
        OrtEnvironment environment = OnnxRuntime.start();
        Map<String, OnnxTensorLike> external = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : graph.externalInitializers().entrySet()) {
            OnnxTensor tensor = tensor(environment, entry.getValue());
            weights.add(tensor);
            external.put(entry.getKey(), tensor);
        }
        // Both calls with the same tensors: the first alone copies them all, the second alone
        // fails on a graph that is not a file.
        settings.addExternalInitializers(external);
        if (device == Device.CPU) {
            for (Map.Entry<String, OnnxTensorLike> entry : external.entrySet()) {
                settings.addInitializer(entry.getKey(), entry.getValue());
            }
        }
        return environment.createSession(graph.toProto().toByteArray(), settings);
    }

    /** Returns a tensor over the same memory; the caller closes it and keeps the memory. */
    static OnnxTensor tensor(OrtEnvironment environment, Tensor tensor) throws OrtException {
        long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
        return OnnxTensor.createTensor(environment, tensor.data(), shape, javaType(tensor.type()));
    }

    private static OnnxJavaType javaType(ElementType type) {
        return switch (type) {
            case FLOAT -> OnnxJavaType.FLOAT;
            case DOUBLE -> OnnxJavaType.DOUBLE;
            case FLOAT16 -> OnnxJavaType.FLOAT16;
            case BFLOAT16 -> OnnxJavaType.BFLOAT16;
            case INT8 -> OnnxJavaType.INT8;
            case UINT8 -> OnnxJavaType.UINT8;
            case INT16 -> OnnxJavaType.INT16;
            case INT32 -> OnnxJavaType.INT32;
            case INT64 -> OnnxJavaType.INT64;
            case BOOL -> OnnxJavaType.BOOL;
            default ->
                    throw new InferenceException(
                            "ONNX Runtime's Java API has no tensors of type " + type);
        };
    }
}
