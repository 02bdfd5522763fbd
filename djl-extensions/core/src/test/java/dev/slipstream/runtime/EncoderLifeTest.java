package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedEncoder;
import dev.slipstream.oracle.OracleEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Encoders that come and go leave nothing behind. */
@Timeout(120)
class EncoderLifeTest {
    private static final RuntimeOptions ONE_THREAD = new RuntimeOptions(1, Spinning.OFF, 0);

    /** What a model keeps that is not closed; the rest is the Java heap, which grows meanwhile. */
    private static final long LEAST_LEAK = 1 << 20;

    @Test
    void encodersLeaveNothing() throws IOException {
        churn(300);
    }

    @Test
    @Tag("thorough")
    void manyEncodersLeaveNothing() throws IOException {
        churn(3000);
    }

    private static void churn(int times) throws IOException {
        Path statistics = Path.of("/proc/self/statm");
        assumeTrue(Files.exists(statistics), "only Linux tells its memory here");
        // Two matrices of 128 x 260 floats in the feed-forward: with others 0.5 MB a model, packed.
        OnnxModel graph = graph(new OracleEncoder(1, 2, 64, new Random(1)));
        OnnxModel broken = graph.copy();
        broken.outputs().remove(0);
        life(graph, broken, 50);
        long before = resident(statistics);
        life(graph, broken, times);
        assertThat(resident(statistics) - before).isLessThan((64L << 20) + times * LEAST_LEAK / 8);
    }

    private static void life(OnnxModel graph, OnnxModel broken, int times) {
        for (int i = 0; i < times; i++) {
            try (EncoderModel model = EncoderModel.open(graph, Pooling.MEAN, ONE_THREAD)) {
                model.embed(List.of(new int[3]));
            }
            if (i % 10 == 0) {
                assertThatThrownBy(() -> EncoderModel.open(broken, Pooling.MEAN, ONE_THREAD))
                        .isInstanceOf(InferenceException.class);
            }
        }
    }

    private static long resident(Path statistics) throws IOException {
        return Long.parseLong(Files.readString(statistics).split(" ")[1]) * 4096;
    }

    private static OnnxModel graph(OracleEncoder encoder) {
        return ExportedEncoder.write(encoder, ExportedEncoder.Form.NORMS);
    }
}
