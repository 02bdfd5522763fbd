package dev.slipstream.decode.draft;

import dev.slipstream.decode.Tokenizer;
import dev.slipstream.decode.Tokenizer.SpecialTokens;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether the ids of one tokenizer mean the same to another. */
public final class SameTokenizer {
    /** What tokenizers tell apart: spaces, case, numbers, code, accents, other scripts, emoji. */
    private static final List<String> SAMPLES =
            List.of(
                    "Once upon a time, there was a little girl.",
                    "  two  spaces\tand a tab\n\nnext paragraph ",
                    "In 2024 it cost 1,234.50 EUR (99%)!",
                    "for (int i = 0; i < n; i++) { sum += x[i]; }",
                    "Zürich, café, naïve, Łódź",
                    "Привет, мир! 你好,世界。 こんにちは",
                    "👩‍👩‍👧 smiles 😀");

    private SameTokenizer() {}

    /** Returns the first difference between two tokenizers; null if none shows. */
    public static @Nullable String difference(Tokenizer one, Tokenizer other) {
        if (one == other) {
            return null;
        }
        if (one.highestId() != other.highestId()) {
            return "ids up to %d and %d".formatted(one.highestId(), other.highestId());
        }
        for (String text : SAMPLES) {
            int[] first = one.encode(text, SpecialTokens.ADD);
            int[] second = other.encode(text, SpecialTokens.ADD);
            if (!Arrays.equals(first, second)) {
                return "\"%s\" is %s and %s"
                        .formatted(text, Arrays.toString(first), Arrays.toString(second));
            }
        }
        for (int id = 0; id <= one.highestId(); id++) {
            if (!one.piece(id).equals(other.piece(id))) {
                return "id %d is \"%s\" and \"%s\"".formatted(id, one.piece(id), other.piece(id));
            }
        }
        return null;
    }
}
