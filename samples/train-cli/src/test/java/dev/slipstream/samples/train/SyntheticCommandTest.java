package dev.slipstream.samples.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.decode.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SyntheticCommandTest {
    @TempDir Path directory;

    @Test
    void everyAnswerFollowsFromItsQuestion() throws IOException {
        Path out = write("task", 7);
        List<String> solved = new ArrayList<>();
        for (String line : Files.readAllLines(out.resolve("questions.jsonl"))) {
            JsonObject question = JsonParser.parseString(line).getAsJsonObject();
            String prompt = question.get("prompt").getAsString();
            String answer = question.get("answer").getAsString();
            assertThat(answer).endsWith("\n");
            solved.addAll(List.of((prompt + answer).split("\n")));
        }
        solved.addAll(
                Files.readAllLines(out.resolve("valid.txt")).stream()
                        .filter(line -> !line.startsWith("<"))
                        .toList());
        assertThat(solved).hasSizeGreaterThan(100);
        for (String line : solved) {
            int split = line.indexOf('>');
            assertThat(line.substring(split + 1)).as(line).isEqualTo(solve(line, split));
        }
    }

    @Test
    void theSameSeedGivesTheSameTexts() throws IOException {
        Path one = write("one", 3);
        Path other = write("other", 3);
        Path third = write("third", 4);
        for (String file : List.of("train.txt", "valid.txt", "questions.jsonl")) {
            assertThat(one.resolve(file)).hasSameTextualContentAs(other.resolve(file));
            assertThat(Files.readString(one.resolve(file)))
                    .isNotEqualTo(Files.readString(third.resolve(file)));
        }
    }

    @Test
    void tokensAreCharacters() throws IOException {
        ModelFiles files = ModelFiles.of(write("task", 5).resolve("model"));
        DecoderConfig config = DecoderConfig.read(files);
        try (Tokenizer tokenizer = new Tokenizer(files.text("tokenizer.json"))) {
            String text = new SyntheticTask(1).document(20);
            int[] ids = tokenizer.encode(text, Tokenizer.SpecialTokens.AS_WRITTEN);
            assertThat(ids).hasSize(text.length());
            assertThat(Arrays.stream(ids))
                    .allMatch(id -> id > 0 && id < config.vocabularySize() - 1);
            assertThat(tokenizer.decode(ids, 0, ids.length)).isEqualTo(text);
        }
    }

    @Test
    void leavesADirectoryAloneThatIsThere() throws IOException {
        Path out = write("task", 5);
        assertThat(run(out, 5)).isNotZero();
    }

    private Path write(String name, long seed) {
        Path out = directory.resolve(name);
        assertThat(run(out, seed)).isZero();
        return out;
    }

    private static int run(Path out, long seed) {
        return new CommandLine(new SyntheticCommand())
                .setExecutionExceptionHandler((exception, command, parsed) -> 1)
                .execute(
                        "--out",
                        out.toString(),
                        "--documents",
                        "10",
                        "--questions",
                        "12",
                        "--seed",
                        Long.toString(seed));
    }

    private static String solve(String line, int split) {
        String problem = line.substring(0, split);
        int asked = problem.indexOf('?');
        List<String> answer = new ArrayList<>();
        if (asked < 0) {
            int total = 0;
            for (String number : problem.split(",")) {
                total += Integer.parseInt(number);
                answer.add(String.valueOf(total));
            }
        } else {
            Map<Character, String> values = new HashMap<>();
            for (String fact : problem.substring(0, asked).split(";")) {
                values.put(fact.charAt(0), fact.substring(2));
            }
            for (char name : problem.substring(asked + 1).toCharArray()) {
                answer.add(values.get(name));
            }
        }
        return String.join(",", answer);
    }
}
