package dev.slipstream.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagedDirectoryTest {
    @TempDir Path directory;

    /** Ends as after Ctrl-C, in the middle of its work. */
    static final class Interrupted {
        private Interrupted() {}

        @SuppressWarnings("resource") // that is what is tested
        public static void main(String[] arguments) throws IOException {
            StagedDirectory staged = StagedDirectory.at(Path.of(arguments[0]));
            Files.writeString(staged.path().resolve("model.onnx"), "half");
            System.exit(130);
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> String.valueOf(file.getFileName())).toList();
        }
    }

    @Test
    void anInterruptedProcessLeavesNothing() throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Interrupted.class.getName(),
                                directory.resolve("out").toString())
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isEqualTo(130);
        assertThat(names()).isEmpty();
    }

    @Test
    void whatWasLeftOfOneDirectoryIsCleanedAndOfOthersNot() throws IOException {
        for (String name : List.of(".out.0.part", ".out.3.part.old", ".outer.0.part", "out")) {
            Files.createDirectories(directory.resolve(name).resolve("deeper"));
        }
        StagedDirectory.clean(directory.resolve("out"));
        assertThat(names()).containsExactlyInAnyOrder(".outer.0.part", "out");
        StagedDirectory.remove(directory.resolve("out"));
        assertThat(names()).containsExactly(".outer.0.part");
    }
}
