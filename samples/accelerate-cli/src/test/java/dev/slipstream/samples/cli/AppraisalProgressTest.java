package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.evaluate.EvaluationProgress;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class AppraisalProgressTest {
    private final AtomicBoolean interrupted = new AtomicBoolean();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
    private final Terminal terminal =
            new Terminal(InputStream.nullInputStream(), stream, stream, a -> () -> {}, () -> true);

    @Test
    void endsALongPassBetweenItsSteps() {
        try (AppraisalProgress progress =
                new AppraisalProgress(terminal, "1/2 finercut", interrupted::get)) {
            progress.begins(Passes.create(PassSpec.parse("finercut:remove=0.25")));
            progress.step(1, 40);
            interrupted.set(true);

            assertThatThrownBy(() -> progress.step(2, 40))
                    .isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void drawsPassesAndStages() {
        try (AppraisalProgress progress =
                new AppraisalProgress(terminal, "1/2 finercut", interrupted::get)) {
            progress.begins(Passes.create(PassSpec.parse("finercut:remove=0.25")));
            progress.step(40, 40);
            progress.accept(EvaluationProgress.Stage.QUALITY, 100, 100);
            progress.accept(EvaluationProgress.Stage.SPEED, 6, 6);
        }

        assertThat(err.toString(StandardCharsets.UTF_8))
                .containsSubsequence("40 steps", "100 tokens", "6 texts");
    }
}
