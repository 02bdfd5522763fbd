package dev.slipstream.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** ONNX Runtime's way to NVIDIA GPUs, which only the jar {@code onnxruntime_gpu} has. */
final class CudaProvider {
    private static final System.Logger LOGGER = System.getLogger(CudaProvider.class.getName());

    private CudaProvider() {}

    /**
     * Returns where a graph runs that shall run there.
     *
     * @return {@link Device#CPU} or {@link Device#GPU}
     * @throws InferenceException if it shall run on a GPU and cannot; says what is missing
     */
    static Device resolve(Device wanted) {
        if (wanted == Device.CPU) {
            return wanted;
        }
        OnnxRuntime.start();
        return resolve(wanted, OrtEnvironment.getAvailableProviders(), () -> Trial.REFUSAL);
    }

    /**
     * Returns where a graph runs.
     *
     * @param available what the native library was built with
     * @param trial asked if that has CUDA: null if a session starts with it, else why not
     */
    static Device resolve(
            Device wanted, Set<OrtProvider> available, Supplier<@Nullable String> trial) {
        if (wanted == Device.CPU) {
            return wanted;
        }
        if (!available.contains(OrtProvider.CUDA)) {
            if (wanted == Device.AUTO) {
                return Device.CPU;
            }
            throw new InferenceException(
                    "device gpu: expected ONNX Runtime's CUDA provider, found only %s; put com.microsoft.onnxruntime:onnxruntime_gpu on the class path in the place of onnxruntime, or take the device cpu"
                            .formatted(available.stream().map(OrtProvider::getName).toList()));
        }
        String refusal = trial.get();
        if (refusal == null) {
            return Device.GPU;
        }
        if (wanted == Device.AUTO) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "no GPU, models run on the processor: ONNX Runtime''s CUDA provider does not start: {0}",
                    refusal);
            return Device.CPU;
        }
        throw new InferenceException(
                "device gpu: expected an NVIDIA GPU with its driver and CUDA, found that ONNX Runtime's CUDA provider does not start: %s; install what is missing, or take the device cpu"
                        .formatted(refusal));
    }

    /** Tried once for the process: what is missing then is not there later either. */
    private static final class Trial {
        static final @Nullable String REFUSAL = refusal();

        /** Only a session shows whether there is a driver and a device. */
        private static @Nullable String refusal() {
            OnnxModel graph = new OnnxModel("device");
            GraphBuilder builder = new GraphBuilder(graph);
            String input = builder.input("input", ElementType.FLOAT, 1);
            String output = builder.node("Add", input, input).output("output");
            builder.output(output, ElementType.FLOAT, 1);
            try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
                settings.addCUDA(0);
                OnnxRuntime.start().createSession(graph.toProto().toByteArray(), settings).close();
                return null;
            } catch (OrtException e) {
                return String.valueOf(e.getMessage()).strip().replaceAll("\\s+", " ");
            }
        }
    }
}
