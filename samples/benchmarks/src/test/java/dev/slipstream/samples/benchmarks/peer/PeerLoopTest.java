package dev.slipstream.samples.benchmarks.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeerLoopTest {
    /** Says what it was asked. */
    private static final class Recorder implements PeerEngine {
        @Override
        public String name() {
            return "recorder";
        }

        @Override
        public String version() {
            return "1";
        }

        @Override
        public Timing prefill(int[] tokens) {
            assertThat(java.util.Arrays.stream(tokens).boxed()).allMatch(id -> id >= 3 && id < 99);
            return Timing.of(tokens.length);
        }

        @Override
        public Timing decode(int[] prompt, int tokens) {
            return new Timing(tokens, prompt.length, tokens, null);
        }

        @Override
        public Timing generate(String prompt, int tokens) throws IOException {
            throw new IOException("no " + prompt);
        }

        @Override
        public Timing streams(List<int[]> prompts, int tokens) {
            throw new UnsupportedOperationException("one text at a time");
        }

        @Override
        public void close() {}
    }

    @Test
    void everyRequestHasAnAnswerOnALineOfItsOwn() throws IOException {
        String requests =
                """
                {"run":"prefill","tokens":7}
                {"run":"decode","prompt":0,"tokens":5}
                {"run":"generate","prompt":"text","tokens":5}
                {"run":"streams","streams":2,"prompt":3,"tokens":5}
                {"run":"dance"}
                not json
                {"run":"exit"}
                {"run":"prefill","tokens":1}
                """;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream answers = new PrintStream(out, true, StandardCharsets.UTF_8);
        // As llama.cpp leaves the line.
        answers.print("slot launch_slot_: id");
        new PeerLoop(new BufferedReader(new StringReader(requests)), answers)
                .answer(new Recorder(), 1.5);
        List<String> lines =
                out.toString(StandardCharsets.UTF_8)
                        .lines()
                        .filter(l -> l.startsWith("{"))
                        .toList();
        assertThat(lines)
                .hasSize(7)
                .startsWith(
                        "{\"ready\":true,\"name\":\"recorder\",\"version\":\"1\",\"loadSeconds\":1.5}",
                        "{\"seconds\":7.0}",
                        "{\"seconds\":5.0,\"firstTokenSeconds\":1.0,\"tokens\":5}");
        assertThat(lines.get(3)).contains("\"error\":").contains("no text");
        assertThat(lines.get(4)).isEqualTo("{\"unsupported\":\"one text at a time\"}");
        assertThat(lines.get(5)).contains("error").contains("dance");
        assertThat(lines.get(6)).contains("error");
    }

    @Test
    void noTwoPromptsAreAlike() {
        DrawnTokens drawn = new DrawnTokens();
        List<int[]> prompts = drawn.draw(2, 20);
        assertThat(prompts.get(0)).isNotEqualTo(prompts.get(1)).hasSize(20);
        assertThat(drawn.draw(20)).isNotEqualTo(prompts.get(0));
    }
}
