package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's Java example compiles and tells a story. */
class ReadmeTest {
    @Test
    void theJavaExampleRuns(@TempDir Path directory) throws Exception {
        Path source = directory.resolve("Example.java");
        Files.writeString(
                source,
                "import dev.slipstream.decode.*;\nimport dev.slipstream.zoo.Models;\n"
                        + "public class Example { public static void main(String[] a) {\n"
                        + example()
                        + "}}\n");
        int errors =
                ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-cp",
                                System.getProperty("java.class.path"),
                                source.toString());
        assertThat(errors).isZero();
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Example")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(console);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .hasSizeGreaterThan(100)
                .contains("generatedTokens=");
    }

    private static String example() throws IOException {
        Matcher block =
                Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                        .matcher(Files.readString(Path.of("../../README.md")));
        assertThat(block.find()).isTrue();
        return block.group(1);
    }
}
