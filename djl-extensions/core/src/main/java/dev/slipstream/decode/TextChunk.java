package dev.slipstream.decode;

import java.util.List;

/**
 * A piece of the text as it comes, with the tokens that were decoded since the piece before. The
 * pieces of a stream joined are the whole text. Text that may yet turn out to be a stop string, and
 * bytes that are not yet a whole character, wait for a later piece.
 *
 * @param text may be empty in the last piece only
 * @param tokens the tokens decoded since the piece before, in order
 */
public record TextChunk(String text, List<Token> tokens) {
    /** Copies the list. */
    public TextChunk {
        tokens = List.copyOf(tokens);
    }
}
