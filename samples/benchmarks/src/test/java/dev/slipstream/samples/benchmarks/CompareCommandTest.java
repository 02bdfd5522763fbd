package dev.slipstream.samples.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.samples.benchmarks.result.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command measures, and writes its page again without measuring. */
class CompareCommandTest {
    @TempDir private Path directory;

    @Test
    void aQuickComparisonOfSlipstreamAloneIsAPage() throws IOException {
        Path page = directory.resolve("docs/page.md");
        int code =
                Main.execute(
                        "compare",
                        "--quick",
                        "--shapes=stories260k",
                        "--threads=1",
                        "--tokens=4",
                        "--prefill=8",
                        "--prompts=0",
                        "--contenders=Slipstream",
                        "--parts=plain,start",
                        "--work=" + directory.resolve("work"),
                        "--out=" + page);
        assertThat(code).isZero();
        Results results = Results.read(directory.resolve("docs/page.json"));
        assertThat(results.samples())
                .extracting(Sample::figure)
                .contains(
                        new Figure(Figure.Kind.PREFILL, 8),
                        new Figure(Figure.Kind.DECODE, 0),
                        new Figure(Figure.Kind.FIRST_TOKEN, 0),
                        new Figure(Figure.Kind.LOAD_COLD, 0),
                        new Figure(Figure.Kind.WARM_START, 4),
                        new Figure(Figure.Kind.RESIDENT, 0));
        String written = Files.readString(page);
        assertThat(written).contains("## stories260k, int4", "decode after 0, 1 thread");
        Files.delete(page);
        String json = directory.resolve("docs/page.json").toString();
        assertThat(Main.execute("compare", "--from", json, "--out", page.toString())).isZero();
        assertThat(page).hasContent(written);
    }

    @Test
    void wrongWordsAreRefused() {
        assertThat(Main.execute("compare", "--threads", "0")).isEqualTo(2);
        assertThat(Main.execute("compare", "--device", "tpu")).isEqualTo(2);
        assertThat(Main.execute("compare", "--shapes", "gpt-5", "--parts", "plain")).isEqualTo(1);
        assertThat(Main.execute("compare", "--from", "no-such.json")).isEqualTo(1);
    }
}
