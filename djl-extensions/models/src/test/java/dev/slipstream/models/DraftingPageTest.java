package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The drafter that docs/drafting.md shows compiles, drafts, and changes no text. */
class DraftingPageTest {
    private static final String IMPORTS =
            "import dev.slipstream.decode.*;\nimport dev.slipstream.decode.draft.*;\n"
                    + "import dev.slipstream.zoo.*;\n";

    @Test
    void itsExamplesRun(@TempDir Path directory) throws Exception {
        List<String> blocks =
                Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                        .matcher(Files.readString(Path.of("../../docs/drafting.md")))
                        .results()
                        .map((MatchResult block) -> block.group(1))
                        .toList();
        assertThat(blocks).hasSize(2);
        Path drafter = directory.resolve("LastFollower.java");
        Path use = directory.resolve("Example.java");
        // Always drafts: whether the other rule does depends on the times of this machine.
        String constant = blocks.get(1).replace("CostModelLength.DEFAULT", "new ConstantLength(4)");
        assertThat(constant).isNotEqualTo(blocks.get(1));
        Files.writeString(drafter, blocks.get(0));
        Files.writeString(
                use,
                "%spublic class Example { static void asWritten() {\n%s}\n public static void main(String[] a) {\n%s}}\n"
                        .formatted(IMPORTS, blocks.get(1), constant));
        int errors =
                ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-cp",
                                System.getProperty("java.class.path"),
                                drafter.toString(),
                                use.toString());
        assertThat(errors).isZero();
        assertThat(run(directory)).startsWith(plainText()).containsPattern("acceptedTokens=[1-9]");
    }

    private static String run(Path directory) throws Exception {
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
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static String plainText() {
        try (TextGenerator model = Models.open("storyteller-7m", LoadOptions.defaults())) {
            return model.generate(
                            model.prompt("The cat sat on the mat. The dog sat on the mat. The"),
                            GenerationOptions.builder().maxTokens(60).build())
                    .text();
        }
    }
}
