package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import dev.slipstream.runtime.OnnxRuntime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The device of a DJL model, as an option and in DJL's own words. */
class DjlDeviceTest {
    @BeforeEach
    void requireNoGpu() {
        OnnxRuntime.start();
        assumeThat(OrtEnvironment.getAvailableProviders()).doesNotContain(OrtProvider.CUDA);
    }

    private static Criteria.Builder<String, String> stories() {
        return Criteria.builder()
                .setTypes(String.class, String.class)
                .optModelUrls("slipstream:stories260k")
                .optArgument("max_new_tokens", 8)
                .optArgument("temperature", 0);
    }

    private static String text(Criteria.Builder<String, String> criteria) throws Exception {
        try (ZooModel<String, String> model = criteria.build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            return predictor.predict("Once upon a time");
        }
    }

    @Test
    void theProcessorWhereNothingElseCanBeHad() throws Exception {
        String text = text(stories());
        assertThat(text(stories().optDevice(Device.cpu()))).isEqualTo(text);
        assertThat(text(stories().optOption("device", "auto").optOption("spinning", "off")))
                .isEqualTo(text);
        assertThat(text(stories().optDevice(Device.gpu()).optOption("device", "cpu")))
                .isEqualTo(text);
    }

    @Test
    void aGpuThatIsNotThereIsRefused() {
        assertRefused(stories().optOption("device", "gpu"), "device gpu: expected ONNX Runtime's");
        assertRefused(stories().optDevice(Device.gpu()), "device gpu: expected ONNX Runtime's");
        assertRefused(stories().optDevice(Device.gpu(1)), "found gpu(1)");
        assertRefused(stories().optOption("device", "tpu"), "option device: expected one of [cpu");
    }

    private static void assertRefused(Criteria.Builder<String, String> criteria, String message) {
        assertThatThrownBy(() -> criteria.build().loadModel())
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(message);
    }
}
