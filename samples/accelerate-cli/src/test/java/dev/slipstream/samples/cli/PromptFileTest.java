package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptFileTest {
    private static final String QUESTIONS =
            """
            {"question": "How many?", "answer": "4"}
            {"prompt": "def f():\\n", "question": "not this"}

            {"category": "writing", "turns": ["Write.", "Rewrite."]}
            {"category": "roleplay", "turns": ["Play."]}
            {"category": "writing", "turns": ["Write more."]}
            """;

    @TempDir Path directory;

    @Test
    void findsThePromptOfAnObject() throws IOException {
        assertThat(read("q.jsonl", QUESTIONS, PromptFile.Grouping.FILE))
                .containsExactly(
                        new PromptSet(
                                "q.jsonl",
                                PromptSet.Form.PROMPTS,
                                List.of(
                                        "How many?",
                                        "def f():\n",
                                        "Write.",
                                        "Play.",
                                        "Write more.")));
    }

    @Test
    void makesASetOfEachCategory() throws IOException {
        List<PromptSet> sets = read("q.jsonl", QUESTIONS, PromptFile.Grouping.CATEGORY);

        assertThat(sets)
                .extracting(PromptSet::name)
                .containsExactly("q.jsonl", "q.jsonl:writing", "q.jsonl:roleplay");
        assertThat(sets.get(1).texts()).containsExactly("Write.", "Write more.");
    }

    @Test
    void readsLinesAndRunningTexts() throws IOException {
        assertThat(read("a.lines", "One\n\n two \n", PromptFile.Grouping.FILE).get(0).texts())
                .containsExactly("One", " two ");
        assertThat(read("a.txt", "One\n\n two \n", PromptFile.Grouping.FILE))
                .containsExactly(
                        new PromptSet(
                                "a.txt", PromptSet.Form.RUNNING_TEXT, List.of("One\n\n two \n")));
    }

    @Test
    void saysWhichPromptIsWrong() {
        assertThatThrownBy(
                        () ->
                                read(
                                        "q.jsonl",
                                        "{\"prompt\": \"a\"}\n{\"text\": 1}",
                                        PromptFile.Grouping.FILE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("q.jsonl, prompt 2: ")
                .hasMessageContaining("prompt or question or turns")
                .hasMessageContaining("[text]");
        assertThatThrownBy(() -> read("q.jsonl", "{]", PromptFile.Grouping.FILE))
                .hasMessageContaining("q.jsonl, prompt 1: ");
        assertThatThrownBy(() -> read("q.csv", "a,b", PromptFile.Grouping.FILE))
                .hasMessageContaining("q.csv: expected a file that ends in .jsonl");
        assertThatThrownBy(() -> read("q.txt", " \n", PromptFile.Grouping.FILE))
                .hasMessageContaining("q.txt: expected a prompt at least");
    }

    @Test
    void spreadsALimitEvenly() {
        List<Integer> values = IntStream.range(0, 10).boxed().toList();

        assertThat(PromptSet.spread(values, 4)).containsExactly(0, 2, 5, 7);
        assertThat(PromptSet.spread(values, 11)).isEqualTo(values);
    }

    private List<PromptSet> read(String name, String content, PromptFile.Grouping grouping)
            throws IOException {
        return PromptFile.read(Files.writeString(directory.resolve(name), content), grouping);
    }
}
