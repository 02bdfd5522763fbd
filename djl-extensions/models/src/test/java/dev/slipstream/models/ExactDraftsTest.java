package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.draft.DraftLengthRule;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The promise of speculative decoding: whatever drafts, however long its drafts are, in every
 * precision, alone and among others, the text is the one of plain decoding.
 */
class ExactDraftsTest {
    private static final List<String> LENGTHS =
            List.of("constant:4", "confident:8,0.4", "adaptive:2,16", "cost-model");
    private static final List<String> MODELS =
            List.of("stories260k", "babyllama105", "storyteller-7m");
    private static final List<String> STARTS =
            List.of(
                    "Once upon a time there was a little girl named Lily. She loved to play. Lily",
                    "The king and the queen, the king and the queen, the king and",
                    "\"What is that?\" said Alice. \"What is that?\" said",
                    "def add(a, b):\n    return a + b\n\ndef add3(a, b, c):\n    return",
                    "");
    private static final int PROMPTS = 200;

    @TempDir private Path folder;

    /** One that covers all pairs of drafter, length, model and precision. */
    private static ExactDrafts combination(int drafter, int length) {
        int shift = length == LENGTHS.size() - 1 ? 1 : 0;
        return new ExactDrafts(
                TestedDrafter.values()[drafter],
                DraftLengthRule.parse(LENGTHS.get(length)),
                MODELS.get((drafter + length) % MODELS.size()),
                Precision.values()[(2 * drafter + length + shift) % Precision.values().length]);
    }

    @Test
    void eachDrafterLeavesTheTextAsItIs() throws IOException {
        Path corpus = folder.resolve("book.txt");
        Files.writeString(corpus, "Once upon a time there was a little girl. " + book());
        try (PlainTexts plain = new PlainTexts()) {
            for (TestedDrafter drafter : TestedDrafter.values()) {
                ExactDrafts exact =
                        new ExactDrafts(
                                drafter,
                                DraftLengthRule.parse(LENGTHS.get(drafter.ordinal() % 3)),
                                "stories260k",
                                Precision.INT8);
                ExactDrafts.Drafted drafted = exact.compare(STARTS, plain, corpus);
                assertThat(drafted.accepted()).as("%s", exact).isPositive();
            }
        }
    }

    private String book() throws IOException {
        try (InputStream in = getClass().getResourceAsStream("/text-children/alice.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    @Tag("thorough")
    void noPromptOfFourDataSetsTellsThemApart() throws IOException {
        long seed = new Random().nextLong();
        System.out.println("prompts: seed " + seed);
        List<String> prompts = prompts(new Random(seed));
        int part = PROMPTS / LENGTHS.size();
        try (PlainTexts plain = new PlainTexts()) {
            for (int drafter = 0; drafter < TestedDrafter.values().length; drafter++) {
                ExactDrafts.Drafted sum = ExactDrafts.Drafted.NOTHING;
                for (int length = 0; length < LENGTHS.size(); length++) {
                    ExactDrafts exact = combination(drafter, length);
                    long start = System.nanoTime();
                    ExactDrafts.Drafted drafted =
                            exact.compare(
                                    prompts.subList(length * part, (length + 1) * part),
                                    plain,
                                    corpus(exact.model()));
                    System.out.printf(
                            "%s: %s, %.1f s%n", exact, drafted, (System.nanoTime() - start) / 1e9);
                    sum = sum.plus(drafted);
                }
                assertThat(sum.accepted()).as("%s", drafter).isPositive();
            }
        }
    }

    /** An index is of one tokenizer, and lies beside its text: each model gets its own copy. */
    private Path corpus(String model) throws IOException {
        Path copy = folder.resolve(model + ".txt.gz");
        if (!Files.exists(copy)) {
            Files.copy(DataFolder.file("text-children/train-02.txt.gz"), copy);
        }
        return copy;
    }

    private static List<String> prompts(Random random) throws IOException {
        List<List<String>> sets =
                List.of(
                        lines(
                                "specbench/question.jsonl",
                                line -> line.getAsJsonArray("turns").get(0).getAsString()),
                        lines("gsm8k/test.jsonl", line -> line.get("question").getAsString()),
                        lines(
                                "humaneval/HumanEval.jsonl.gz",
                                line -> line.get("prompt").getAsString()),
                        passages(read("text-children/valid.txt.gz"), random));
        List<String> prompts = new ArrayList<>();
        for (List<String> set : sets) {
            Collections.shuffle(set, random);
            prompts.addAll(set.subList(0, PROMPTS / sets.size()));
        }
        Collections.shuffle(prompts, random);
        return prompts;
    }

    private static List<String> lines(String file, Function<JsonObject, String> text)
            throws IOException {
        List<String> result = new ArrayList<>();
        for (String line : read(file).split("\n")) {
            result.add(text.apply(JsonParser.parseString(line).getAsJsonObject()));
        }
        return result;
    }

    private static List<String> passages(String book, Random random) {
        List<String> result = new ArrayList<>();
        for (int i = 0; i < PROMPTS; i++) {
            int start = random.nextInt(book.length() - 1000);
            result.add(book.substring(start, start + 20 + random.nextInt(900)).strip());
        }
        return result;
    }

    private static String read(String file) throws IOException {
        Path path = DataFolder.file(file);
        try (InputStream in = Files.newInputStream(path);
                InputStream plain = file.endsWith(".gz") ? new GZIPInputStream(in) : in) {
            return new String(plain.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        }
    }
}
