package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import dev.slipstream.graph.ElementType;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where a graph runs, by what ONNX Runtime was built with and what the machine has. */
@Timeout(60)
class DeviceTest {
    private static final Set<OrtProvider> WITHOUT = EnumSet.of(OrtProvider.CPU);
    private static final Set<OrtProvider> WITH = EnumSet.of(OrtProvider.CUDA, OrtProvider.CPU);
    private static final Supplier<@Nullable String> STARTS = () -> null;
    private static final Supplier<@Nullable String> REFUSES = () -> "no driver";
    private static final Supplier<@Nullable String> UNASKED =
            () -> {
                throw new AssertionError("asked for nothing");
            };

    @Test
    void theProcessorNeedsNoProvider() {
        assertThat(CudaProvider.resolve(Device.CPU, WITH, UNASKED)).isEqualTo(Device.CPU);
    }

    @Test
    void aProviderThatStartsIsTaken() {
        assertThat(CudaProvider.resolve(Device.GPU, WITH, STARTS)).isEqualTo(Device.GPU);
        assertThat(CudaProvider.resolve(Device.AUTO, WITH, STARTS)).isEqualTo(Device.GPU);
    }

    @Test
    void autoDoesWithoutOne() {
        assertThat(CudaProvider.resolve(Device.AUTO, WITHOUT, UNASKED)).isEqualTo(Device.CPU);
        assertThat(CudaProvider.resolve(Device.AUTO, WITH, REFUSES)).isEqualTo(Device.CPU);
    }

    @Test
    void gpuSaysInALineWhatIsMissing() {
        assertThatThrownBy(() -> CudaProvider.resolve(Device.GPU, WITHOUT, UNASKED))
                .isInstanceOf(InferenceException.class)
                .hasMessageContainingAll(
                        "device gpu", "[CPUExecutionProvider]", "onnxruntime:onnxruntime_gpu")
                .hasMessageNotContaining("\n");
        assertThatThrownBy(() -> CudaProvider.resolve(Device.GPU, WITH, REFUSES))
                .isInstanceOf(InferenceException.class)
                .hasMessageContainingAll("device gpu", "NVIDIA", "no driver")
                .hasMessageNotContaining("\n");
    }

    @Test
    void modelsOpenWhereTheyCan() {
        OnnxRuntime.start();
        assumeThat(OrtEnvironment.getAvailableProviders()).doesNotContain(OrtProvider.CUDA);
        RuntimeOptions options = RuntimeOptions.defaults();
        try (DecoderModel model =
                DecoderModel.open(
                        GrowingDecoder.graph(7, ElementType.FLOAT, false),
                        16,
                        options.withDevice(Device.AUTO))) {
            assertThat(model.runtime()).doesNotContain("cuda");
        }
        assertThatThrownBy(
                        () ->
                                DecoderModel.open(
                                        GrowingDecoder.graph(7, ElementType.FLOAT, false),
                                        16,
                                        options.withDevice(Device.GPU)))
                .isInstanceOf(InferenceException.class)
                .hasMessageStartingWith("device gpu: ");
    }
}
