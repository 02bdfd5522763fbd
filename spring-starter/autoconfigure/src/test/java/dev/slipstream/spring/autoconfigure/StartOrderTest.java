package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartOrderTest {
    @TempDir Path directory;

    @BeforeEach
    void writeEmbeddingModel() throws IOException {
        TinyEmbeddingModel.write(directory);
    }

    /** Runs the application in a process of its own and returns what it printed. */
    private String run(String... arguments) throws IOException, InterruptedException {
        Path output = directory.resolve("output.txt");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx512m",
                                "-Dai.djl.offline=true",
                                "-Dembedding.directory=" + directory,
                                StartOrderApplication.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
        // Not on the command line: a long one crashes ONNX Runtime 1.29.0 on an ordinary stack.
        process.environment()
                .put(
                        "CLASSPATH",
                        System.getProperty(
                                "surefire.test.class.path", System.getProperty("java.class.path")));
        int status = process.start().waitFor();
        return Files.readString(output) + "exit status " + status;
    }

    @Test
    void engineStartsBeforeTheEarliestBeanThatTouchesOnnxRuntime() throws Exception {
        assertThat(run()).contains("generated 4 tokens").endsWith("exit status 0");
    }

    @Test
    void touchingOnnxRuntimeBeforeTheApplicationIsReported() throws Exception {
        assertThat(run("touch"))
                .contains("it must be started before other code uses ai.onnxruntime")
                .doesNotContain("generated")
                .endsWith("exit status 1");
    }
}
