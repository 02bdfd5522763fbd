package dev.slipstream.blocks.train;

import dev.slipstream.decode.Tokenizer;
import dev.slipstream.pass.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Texts as token ids. */
public final class TokenText {
    private TokenText() {}

    /**
     * Reads files of UTF-8 text, plain or packed with gzip. A line {@code <|endoftext|>} separates
     * texts; before each text stands the token that begins one.
     *
     * @param files one or more, read one after the other
     * @param tokenizer of the model
     * @param begin id that begins a text
     * @throws IOException if a file is missing, damaged or not UTF-8
     */
    public static int[] read(List<Path> files, Tokenizer tokenizer, int begin) throws IOException {
        List<int[]> texts = new ArrayList<>();
        for (Path file : files) {
            for (String text : TextFile.read(file).split("\n?" + "<\\|endoftext\\|>" + "\n?")) {
                if (!text.isBlank()) {
                    texts.add(new int[] {begin});
                    texts.add(tokenizer.encode(text, Tokenizer.SpecialTokens.AS_WRITTEN));
                }
            }
        }
        return texts.stream().flatMapToInt(Arrays::stream).toArray();
    }
}
