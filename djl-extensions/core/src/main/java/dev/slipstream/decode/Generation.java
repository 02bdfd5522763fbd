package dev.slipstream.decode;

import java.util.List;

/**
 * A finished text.
 *
 * @param text without prompt, end token and stop string
 * @param tokens all decoded tokens
 * @param finishReason why it ended
 * @param statistics what it used
 */
public record Generation(
        String text, List<Token> tokens, FinishReason finishReason, Statistics statistics) {
    /** Copies the list. */
    public Generation {
        tokens = List.copyOf(tokens);
    }
}
