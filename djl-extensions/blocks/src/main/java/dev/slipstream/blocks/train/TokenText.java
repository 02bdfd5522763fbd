package dev.slipstream.blocks.train;

import dev.slipstream.decode.Tokenizer;
import dev.slipstream.pass.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Texts as token ids. */
public final class TokenText {
    private static final String SEPARATOR = "\n?<\\|endoftext\\|>\n?";

    private TokenText() {}

    /**
     * Reads files of UTF-8 text, plain or packed with gzip. A line {@code <|endoftext|>} separates
     * texts.
     *
     * @param files one or more, read one after the other
     * @param tokenizer of the model
     * @param begin id to put before each text, null for none
     * @throws IOException if a file is missing, damaged or not UTF-8
     */
    public static int[] read(List<Path> files, Tokenizer tokenizer, @Nullable Integer begin)
            throws IOException {
        List<int[]> texts = new ArrayList<>();
        for (Path file : files) {
            for (String text : TextFile.read(file).split(SEPARATOR)) {
                if (!text.isBlank()) {
                    if (begin != null) {
                        texts.add(new int[] {begin});
                    }
                    texts.add(tokenizer.encode(text, Tokenizer.SpecialTokens.AS_WRITTEN));
                }
            }
        }
        return texts.stream().flatMapToInt(Arrays::stream).toArray();
    }
}
