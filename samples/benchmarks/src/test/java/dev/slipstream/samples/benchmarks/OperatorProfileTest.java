package dev.slipstream.samples.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels' times are added up by operator, and nothing else is. */
class OperatorProfileTest {
    @TempDir private Path directory;

    @Test
    void sharesAreOfTheKernelsAlone() throws IOException {
        Path file =
                Files.writeString(
                        directory.resolve("profile.json"),
                        """
                        [
                        {"cat":"Session","pid":1,"tid":1,"dur":900,"ts":1,"ph":"X","name":"model_run","args":{}},
                        {"cat":"Node","pid":1,"tid":1,"dur":30,"ts":1,"ph":"X","name":"a_kernel_time","args":{"op_name":"MatMulNBits","input":[{"float":[1,2]}]}},
                        {"cat":"Node","pid":1,"tid":1,"dur":10,"ts":1,"ph":"X","name":"b_kernel_time","args":{"op_name":"Mul"}},
                        {"cat":"Node","pid":1,"tid":1,"dur":77,"ts":1,"ph":"X","name":"b_fence_before","args":{"op_name":"Mul"}},
                        {"cat":"Session","pid":1,"tid":1,"dur":900,"ts":1,"ph":"X","name":"model_run","args":{}},
                        {"cat":"Node","pid":1,"tid":1,"dur":40,"ts":1,"ph":"X","name":"a_kernel_time","args":{"op_name":"MatMulNBits"}}
                        ]
                        """);
        OperatorProfile profile = OperatorProfile.read(file);
        assertThat(profile.runs()).isEqualTo(2);
        assertThat(profile.entries())
                .containsExactly(
                        new OperatorProfile.Entry("MatMulNBits", 2, 70 / 80.0),
                        new OperatorProfile.Entry("Mul", 1, 10 / 80.0));
    }
}
