package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ONNX Runtime is told of waits, and that they change nothing else. */
@Timeout(60)
class SpinningTest {
    private static final String ALLOWED = "session.intra_op.allow_spinning";
    private static final String DURATION = "session.intra_op.spin_duration_us";

    @Test
    void onlyBriefWaitsHaveABound() throws OrtException {
        assertThat(entries(Spinning.OFF)).containsEntry(ALLOWED, "0").doesNotContainKey(DURATION);
        assertThat(entries(Spinning.BRIEF)).containsEntry(ALLOWED, "1").containsKey(DURATION);
        assertThat(entries(Spinning.ON)).containsEntry(ALLOWED, "1").doesNotContainKey(DURATION);
        assertThat(Integer.parseInt(entries(Spinning.BRIEF).get(DURATION))).isBetween(1, 999);
    }

    @ParameterizedTest
    @EnumSource(Spinning.class)
    void threadsThatWaitInAnyWayComputeTheSame(Spinning spinning) {
        try (DecoderModel model =
                        DecoderModel.open(
                                GrowingDecoder.graph(7, ElementType.FLOAT, false),
                                16,
                                new RuntimeOptions(2, spinning, 1));
                DecoderSession session = model.newSession()) {
            int[] tokens = {3, 1, 4};
            Logits logits = session.forward(tokens, LogitRows.LAST);
            for (int id = 0; id < 7; id++) {
                assertThat(logits.last().get(id)).isEqualTo(GrowingDecoder.logit(tokens, 2, id));
            }
        }
    }

    private static Map<String, String> entries(Spinning spinning) throws OrtException {
        OnnxRuntime.start();
        try (OrtSession.SessionOptions settings =
                SessionSettings.settings(new RuntimeOptions(2, spinning, 0))) {
            return settings.getConfigEntries();
        }
    }
}
