package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PromptCutterTest {
    private static final String TEXT = "Once upon a time, there was a little girl named Lily. ";

    private static TextGenerator model = new ScriptedGenerator();

    @BeforeAll
    static void open() {
        model = Models.open("stories260k", LoadOptions.defaults());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void keepsTheEndAndTheBeginToken() {
        PromptCutter cutter = new PromptCutter(model, 12);
        int[] whole = model.prompt(TEXT).ids();

        Prompt cut = cutter.prompt(TEXT);

        assertThat(cutter.tooLong(TEXT)).isTrue();
        assertThat(cut.ids()).hasSize(12);
        assertThat(cut.ids()[0]).isEqualTo(whole[0]);
        assertThat(Arrays.copyOfRange(cut.ids(), 1, 12))
                .isEqualTo(Arrays.copyOfRange(whole, whole.length - 11, whole.length));
    }

    @Test
    void leavesWhatFits() {
        PromptCutter cutter = new PromptCutter(model, 100);

        assertThat(cutter.tooLong(TEXT)).isFalse();
        assertThat(cutter.prompt(TEXT)).isEqualTo(model.prompt(TEXT));
    }

    @Test
    void takesTextsThatTheModelWouldNotCount() {
        String book = "x" + TEXT.repeat(2_000);
        PromptCutter cutter = new PromptCutter(model, 50);
        int[] end = model.prompt(TEXT.repeat(4)).ids();

        assertThat(cutter.tooLong(book)).isTrue();
        int[] cut = cutter.prompt(book).ids();
        assertThat(Arrays.copyOfRange(cut, 1, 50))
                .isEqualTo(Arrays.copyOfRange(end, end.length - 49, end.length));
    }

    @Test
    void cutsPassagesBetweenWords() {
        String text = TEXT.repeat(50);

        List<String> passages = new PromptCutter(model, 100).passages(text, 30);

        // A scrap at the end may be missing.
        String joined = String.join(" ", passages);
        assertThat(text).startsWith(joined);
        assertThat(text.length() - joined.length()).isLessThan(passages.get(0).length());
        assertThat(passages)
                .allSatisfy(
                        passage -> assertThat(model.prompt(passage).length()).isBetween(10, 40));
    }

    @Test
    void takesAShortTextAsItIs() {
        PromptCutter cutter = new PromptCutter(model, 100);

        assertThat(cutter.passages("Hi.", 30)).containsExactly("Hi.");
        // No word ends here, and no character may be cut in two.
        String dragons = "🐉".repeat(40);
        List<String> passages = cutter.passages(dragons, 30);
        assertThat(passages).hasSizeGreaterThan(1);
        assertThat(dragons).startsWith(String.join("", passages));
        assertThat(passages).allSatisfy(each -> model.prompt(each));
    }
}
