package dev.slipstream.samples.benchmarks.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Figure.Kind;
import dev.slipstream.samples.benchmarks.result.Machine;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.samples.benchmarks.result.Sample;
import dev.slipstream.samples.benchmarks.result.Sample.Neighbour;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page says what the values say. */
class PageTest {
    private static final double LIMIT = 0.06;

    @TempDir private Path directory;

    private final List<Sample> samples = new ArrayList<>();

    private void add(String contender, Kind kind, int size, Neighbour neighbour, double... values) {
        for (int round = 0; round < values.length; round++) {
            add(contender, new Figure(kind, size), neighbour, round, values[round], 0);
        }
    }

    private void add(
            String contender,
            Figure figure,
            Neighbour neighbour,
            int round,
            double value,
            double foreign) {
        samples.add(
                new Sample(
                        "smollm2-135m",
                        "int4",
                        1,
                        contender,
                        figure,
                        neighbour,
                        round,
                        value,
                        foreign));
    }

    private Results results(boolean quietOnly) {
        return new Results(
                "java -jar benchmarks.jar compare --rounds 5",
                5,
                128,
                LIMIT,
                quietOnly,
                new Machine(
                        "Some CPU",
                        2,
                        List.of("avx2"),
                        8L << 30,
                        "Linux",
                        "Some Java 17",
                        Map.of("llama.cpp", "4.2.0"),
                        0.5),
                List.of(new Results.Bandwidth(1, 128L << 20, 9e9, 10e9)),
                samples,
                List.of(new Results.Traffic("smollm2-135m", "int4", "Slipstream", 1e8, 0)),
                List.of(
                        new Results.OperatorShare(
                                "smollm2-135m",
                                "int4",
                                "Slipstream",
                                "decode",
                                "MatMulNBits",
                                61,
                                0.75)),
                List.of(
                        new Results.Lossy(
                                "smollm2-135m",
                                "int4",
                                "remove",
                                List.of(1.2, 1.1, 1.3),
                                10,
                                11,
                                0.9)),
                List.of(new Results.Note("smollm2-135m", "Jlama", "dead:\ncode 1")));
    }

    private void usual() {
        add("Slipstream", Kind.DECODE, 0, Neighbour.NONE, 50, 80, 60, 90, 70);
        add("llama.cpp", Kind.DECODE, 0, Neighbour.NONE, 100, 100, 100, 100, 100);
        add("bare loop", Kind.DECODE, 0, Neighbour.NONE, 20, 20, 20, 20, 20);
        add("Slipstream", Kind.DECODE, 512, Neighbour.NONE, 40);
        add("Slipstream", Kind.FIRST_TOKEN, 512, Neighbour.NONE, 0.5);
        add("llama.cpp", Kind.FIRST_TOKEN, 512, Neighbour.NONE, 1.0);
        add("Slipstream", Kind.PEAK, 0, Neighbour.NONE, 100 << 20);
        add("Slipstream", Kind.DECODE, 0, Neighbour.BUSY, 42);
        add("Slipstream", Kind.GENERATE, 64, Neighbour.NONE, 70);
        add("Slipstream, prompt-lookup", Kind.GENERATE, 64, Neighbour.NONE, 140);
        add("llama.cpp", Kind.GENERATE, 64, Neighbour.NONE, 100);
    }

    private String page(Results results) throws IOException {
        Path file = directory.resolve("benchmarks.md");
        new Page(results).write(file);
        return Files.readString(file);
    }

    @Test
    void tablesHaveMediansSpreadsAndRatios() throws IOException {
        usual();
        assertThat(page(results(false)))
                .contains(
                        "    java -jar benchmarks.jar compare --rounds 5\n",
                        "| processor | Some CPU |",
                        "| reads 128 MiB, 1 thread | 9.00 GB/s (fastest 10.0) |",
                        "|  | Slipstream | llama.cpp | bare loop | against the best peer |  |",
                        "| decode after 0, 1 thread | 70.0 [50.0, 90.0] | 100 [100, 100] | 20.0 [20.0, 20.0] | 0.70x (llama.cpp) | behind |",
                        "| decode after 512, 1 thread | 40.0 |  |  |  |  |",
                        "| first token after 512, 1 thread | 0.500 | 1.00 |  | 2.00x (llama.cpp) |  |",
                        "| peak memory, 1 thread | 100 |  |  |",
                        "| decode after 0, 1 thread | 42.0, 0.60x |  |  |",
                        "| decode after 0, 1 thread | 0.70 (100) |",
                        "| Slipstream | decode | MatMulNBits 75.0 % (61) |",
                        "| Slipstream, prompt-lookup | 140 | 2.00x | 1.40x |",
                        "| `remove` | 1.20x, 1.10x, 1.30x | 11.000 | 10.000 | 10.0 % | 90.0 % |",
                        "- smollm2-135m, int4, decode after 0, 1 thread: 0.70x (llama.cpp)",
                        "- Jlama (smollm2-135m): dead: code 1")
                .doesNotContain("NaN", "null");
    }

    @Test
    void disturbedRunsAreMarkedOrLeftOut() throws IOException {
        Figure figure = new Figure(Kind.DECODE, 0);
        add("Slipstream", figure, Neighbour.NONE, 0, 10, LIMIT);
        add("Slipstream", figure, Neighbour.NONE, 1, 20, LIMIT + 0.01);
        add("Slipstream", figure, Neighbour.NONE, 2, 90, LIMIT + 0.01);
        assertThat(page(results(false))).contains("| 20.0 [10.0, 90.0]\\* |", "(2 of all 3 runs)");
        assertThat(page(results(true))).contains("| 10.0 |", "2 of 3 runs are left out");
    }

    @Test
    void aWrittenFileGivesTheSamePageAndPlots() throws Exception {
        usual();
        Results results = results(false);
        String page = page(results);
        Path json = directory.resolve("benchmarks.json");
        results.write(json);
        Path plot = directory.resolve("images/benchmarks-smollm2-135m-int4-1-context.svg");
        String drawn = Files.readString(plot);
        assertThat(Results.read(json)).isEqualTo(results);
        assertThat(page(Results.read(json))).isEqualTo(page);
        assertThat(Files.readString(plot)).isEqualTo(drawn);
    }

    @Test
    void plotsAreWellFormedAndNamedByThePage() throws Exception {
        usual();
        String page = page(results(false));
        try (Stream<Path> files = Files.list(directory.resolve("images"))) {
            List<Path> plots = files.toList();
            assertThat(plots).hasSize(2);
            for (Path plot : plots) {
                assertThat(page).contains("(images/" + plot.getFileName() + ")");
                DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
                factory.setFeature(
                        "http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
                var root = factory.newDocumentBuilder().parse(plot.toFile()).getDocumentElement();
                assertThat(root.getTagName()).isEqualTo("svg");
                assertThat(root.getElementsByTagName("path").getLength()).isGreaterThan(10);
            }
        }
    }
}
