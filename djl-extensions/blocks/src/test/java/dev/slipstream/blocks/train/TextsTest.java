package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.decode.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts, windows, mask tokens and pictures. */
class TextsTest {
    private static final Path STORYTELLER =
            Path.of("../models/src/main/resources/META-INF/slipstream/models/storyteller-7m");

    @TempDir Path directory;

    @Test
    void aMarkBetweenTextsBecomesTheTokenThatBeginsOne() throws IOException {
        Path file = directory.resolve("texts.txt");
        Files.writeString(file, "Once upon a time\n<|endoftext|>\nThe end\n");
        try (Tokenizer tokenizer =
                new Tokenizer(ModelFiles.of(STORYTELLER).text("tokenizer.json"))) {
            int[] tokens = TokenText.read(List.of(file, file), tokenizer, 0);
            String text = "<0>Once upon a time<0>The end\n";
            assertThat(shown(tokenizer, tokens)).isEqualTo(text + text);
            assertThat(shown(tokenizer, TokenText.read(List.of(file), tokenizer, null)))
                    .isEqualTo("Once upon a timeThe end\n");
        }
    }

    private static String shown(Tokenizer tokenizer, int[] tokens) {
        StringBuilder text = new StringBuilder();
        for (int token : tokens) {
            text.append(token == 0 ? "<0>" : tokenizer.piece(token));
        }
        return text.toString();
    }

    @Test
    void everyWindowComesOnceBeforeAnyComesTwice() {
        int[] tokens = IntStream.range(0, 1000).toArray();
        Windows windows = new Windows(tokens, 10, 3);
        Map<Integer, Integer> seen = new HashMap<>();
        for (int i = 0; i < 99; i++) {
            int[] window = windows.window(i);
            assertThat(window).hasSize(10);
            assertThat(window[9]).isEqualTo(window[0] + 9);
            seen.merge(window[0], 1, Integer::sum);
        }
        assertThat(seen).hasSize(99);
        int[] later = windows.window(150);
        assertThat(new Windows(tokens, 10, 3).window(150)).isEqualTo(later);
        assertThat(new Windows(tokens, 10, 4).window(150)).isNotEqualTo(later);
    }

    @Test
    void validationWindowsAreSpreadOverTheText() {
        int[] tokens = IntStream.range(0, 1000).toArray();
        int[][] windows = Windows.spread(tokens, 10, 4);
        assertThat(windows).hasDimensions(4, 10);
        assertThat(List.of(windows[0][0], windows[1][0], windows[2][0], windows[3][0]))
                .containsExactly(0, 250, 500, 750);
        assertThat(Windows.spread(tokens, 300, 4)).hasDimensions(3, 300);
    }

    @Test
    void theMaskIsTheTokenOfAByteThatNoTextHas() throws IOException {
        assertThat(UnusedByte.find(ModelFiles.of(STORYTELLER))).isEqualTo(256);
    }

    @Test
    void vocabulariesWithoutBytesAreRefused() throws IOException {
        Path file = directory.resolve("tokenizer.json");
        ModelFiles files = ModelFiles.of(directory);
        Files.writeString(file, "{\"model\": {\"vocab\": {\"a\": 0, \"\u00ff\": 1}}}");
        assertThatThrownBy(() -> UnusedByte.find(files))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("expected a token for a byte that no text contains");
        Files.writeString(file, "{\"model\": {\"vocab\": {\"a\": 0, \"<0xF5>\": 7}}}");
        assertThat(UnusedByte.find(files)).isEqualTo(7);
        Files.writeString(file, "no tokenizer");
        assertThatThrownBy(() -> UnusedByte.find(files)).isInstanceOf(IOException.class);
    }

    @Test
    void thePictureNamesEveryLoss() throws IOException {
        LossHistory history = new LossHistory();
        for (int step = 0; step < 40; step++) {
            history.add(step, "", Map.of("masked", 4 - step / 40.0));
        }
        history.add(0, LossHistory.VALIDATION, Map.of("autoregressive", 3.5));
        Path file = directory.resolve("losses.svg");
        LossCurve.write(file, history.points());
        assertThat(Files.readString(file))
                .contains(
                        "<svg",
                        "<desc>Losses in nats a token. In the end: masked 3.",
                        "validation: autoregressive 3.5000 at step 0;</desc>");
    }
}
