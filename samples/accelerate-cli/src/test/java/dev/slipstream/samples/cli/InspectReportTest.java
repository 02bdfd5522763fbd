package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class InspectReportTest {
    private static final InspectReport GRAPH =
            new InspectReport(
                    "inspect",
                    "tale",
                    12_345,
                    23_456,
                    3,
                    Map.of("ai.onnx", 21),
                    new TreeMap<>(Map.of("int4", 20_000L, "fp32", 3_456L)),
                    List.of(
                            new InspectReport.Part(
                                    0, "attention", 2, 1_000, 2_000, "Add", List.of()),
                            new InspectReport.Part(
                                    0, "feed-forward", 3, 10_000, 5_000, "Add", List.of()),
                            new InspectReport.Part(2, "attention", 2, 100, 200, "Add", List.of())),
                    new InspectReport.Size(1_245, 16_256),
                    unreadable(),
                    null,
                    null,
                    null);

    @Test
    void putsUnreadableLayersInTheirPlaceWithTheReason() {
        assertThat(GRAPH.toString())
                .isEqualTo(
                        """
                        model       tale
                        parameters  12,345
                        size        23,456 bytes: fp32 3,456, int4 20,000
                        graph       3 nodes, opsets ai.onnx 21

                        layer  part          nodes  parameters   bytes  note
                            0  attention         2       1,000   2,000
                            0  feed-forward      3      10,000   5,000
                            1  unreadable        -           -       -  no residual Add
                            2  attention         2         100     200
                            -  outside           -       1,245  16,256  embedding, head, final norm, tables
                        """);
    }

    @Test
    void tellsWhatOnlyAnOpenModelKnows() {
        InspectReport.Runtime open =
                new InspectReport.Runtime(
                        2048,
                        32_000,
                        null,
                        List.of(2, 7),
                        true,
                        new BlockFacts(16, 7, "shifted", true));

        assertThat(GRAPH.running(open, null).toString())
                .containsPattern("context length +2,048 tokens")
                .containsPattern("vocabulary +32,000 tokens")
                .containsPattern("begin token +none")
                .containsPattern("end tokens +2, 7")
                .containsPattern("chat template +yes")
                .containsPattern("blocks +of 16 tokens at most, mask token 7, shifted\n");
    }

    @Test
    void tellsThatAnEncoderRuns() {
        assertThat(GRAPH.encoding(new EncoderFacts("cls", 512, 384)).toString())
                .containsPattern("runs +yes, as a sentence encoder")
                .containsPattern("pooling +cls")
                .containsPattern("longest text +512 tokens")
                .containsPattern("vector +384 numbers")
                .doesNotContain("chat template");
    }

    @Test
    void tellsWhyAModelDoesNotRun() {
        assertThat(GRAPH.running(null, "tokenizer.json is missing").toString())
                .containsPattern("runs +no: tokenizer.json is missing")
                .doesNotContain("context length");
    }

    private static SortedMap<Integer, String> unreadable() {
        return new TreeMap<>(Map.of(1, "no residual Add"));
    }
}
