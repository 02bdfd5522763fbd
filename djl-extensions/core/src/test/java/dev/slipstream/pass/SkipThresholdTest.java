package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SkipThresholdTest {
    private static final int LAYERS = 4;

    /** Feed-forwards that add nothing: cosines are 1, and in floats a little more or less. */
    @Test
    void nothingIsSkippedAboveOneHoweverLittle(@TempDir Path directory) throws Exception {
        SkippableModels.random(7, LAYERS).write(directory);
        OnnxModel still =
                SkippableModels.scaled(
                        SkippableModels.graph(directory, Precision.FP32), LAYERS, layer -> 0);
        OnnxModel gated = SkippableModels.gated(still, 0, LAYERS);
        int[] tokens = IntStream.range(1, 60).toArray();
        try (DecoderModel model = DecoderModel.open(gated, 64, RuntimeOptions.defaults())) {
            assertThat(skipped(model, tokens, 0.999)).isPositive();
            assertThat(skipped(model, tokens, 1 + 1e-9)).isZero();
            assertThat(skipped(model, tokens, 1.00000012)).isZero();
        }
    }

    private static long skipped(DecoderModel model, int[] tokens, double threshold) {
        Effort effort = new Effort(List.of(), List.of(), new Effort.Skipping(threshold, 2, true));
        try (DecoderSession session = model.newSession()) {
            session.forward(tokens, 0, tokens.length, LogitRows.LAST, effort);
            return session.skippedSubLayers();
        }
    }
}
