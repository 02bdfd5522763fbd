package dev.slipstream.decode.block;

import dev.slipstream.decode.Tokenizer;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the tokens that may end a block. Several of a vocabulary contain a line break (alone,
 * doubled, with spaces behind), and their ids differ from tokenizer to tokenizer. Looked up once,
 * when a model is opened: each token of the vocabulary is decoded.
 */
public final class Delimiters {
    private Delimiters() {}

    /**
     * Returns the ids of all tokens whose text contains a line break.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Set<Integer> newlines(Tokenizer tokenizer) {
        return of(tokenizer, List.of("\n"));
    }

    /**
     * Returns the ids of all tokens whose text contains one of some texts.
     *
     * @param texts such as a line break, a full stop or a comma; none of them empty
     * @throws IllegalArgumentException if there is none of a text, or one is empty
     */
    public static Set<Integer> of(Tokenizer tokenizer, Collection<String> texts) {
        Set<Integer> found = new TreeSet<>();
        Set<String> missing = new TreeSet<>(texts);
        if (missing.isEmpty() || missing.contains("")) {
            throw new IllegalArgumentException(
                    "delimiters: expected texts of one character at least, found "
                            + (missing.isEmpty() ? "none" : "an empty one"));
        }
        for (int id = 0; id <= tokenizer.highestId(); id++) {
            String piece = tokenizer.piece(id);
            for (String text : texts) {
                if (piece.contains(text)) {
                    found.add(id);
                    missing.remove(text);
                }
            }
        }
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(
                    "delimiters: the tokenizer has no token that contains \"%s\"; leave it out"
                            .formatted(missing.iterator().next().replace("\n", "\\n")));
        }
        return Set.copyOf(found);
    }
}
