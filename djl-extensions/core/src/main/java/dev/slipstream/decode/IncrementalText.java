package dev.slipstream.decode;

import java.util.Arrays;

/**
 * Text from tokens as they come. A tokenizer only decodes whole texts, and a token's text depends
 * on its neighbours: a character's bytes may lie in several tokens, and the first token of a text
 * may lose its leading space. So the last few tokens are decoded again with each new one, and what
 * is new at the end of their text is the new piece (the way of vLLM and of Hugging Face's Text
 * Generation Inference). A token costs two decodings of a few tokens, however long the text.
 *
 * <p>The pieces joined are the decoding of all tokens (less that of the context). Incomplete
 * characters wait for their bytes: they decode to U+FFFD at the end of the text, so up to three of
 * those are held back, until other text follows or {@link #flush}; a real U+FFFD, or bytes that
 * belong to no character, thus come a little late but not never. The one exception is a tokenizer
 * with byte tokens (SentencePiece's byte fallback): where invalid bytes follow on valid ones, its
 * decoder gives up the whole run of bytes, while the pieces may keep the valid characters.
 */
public final class IncrementalText {
    private static final String REPLACEMENT = "\uFFFD";

    /** Bytes of an incomplete character, and so U+FFFDs of byte tokens, at most. */
    private static final int INCOMPLETE = 3;

    /** How far to look back for tokens that show the context's end. */
    private static final int LONGEST_CONTEXT = 32;

    /** From this on the window is cut though it never ended with a whole character. */
    private static final int LONGEST_WINDOW = 16;

    private final TokenDecoder decoder;
    private int[] window = new int[LONGEST_CONTEXT];
    private int size;

    /** Tokens at the window's beginning whose text was whole and sent. */
    private int settled;

    /** Text of the whole window. */
    private String text = "";

    /** The part of it that was sent, or that belongs to the context. */
    private String sent = "";

    /**
     * Starts a text.
     *
     * @param decoder of the model's tokenizer
     * @param context tokens before the text, most often the prompt, whose own text is not repeated;
     *     if empty, the first token is the first of a text
     */
    public IncrementalText(TokenDecoder decoder, int[] context) {
        this.decoder = decoder;
        int from = context.length;
        int longest = Math.max(0, context.length - LONGEST_CONTEXT);
        String end = "";
        // A special token or a space shows nothing, a part of a character U+FFFD.
        while (from > longest && (end.isEmpty() || end.contains(REPLACEMENT))) {
            from--;
            end = decoder.decode(context, from, context.length);
        }
        size = context.length - from;
        System.arraycopy(context, from, window, 0, size);
        settle(0);
    }

    /**
     * Adds a token.
     *
     * @param token its id
     * @return the text that is certain now, perhaps empty
     */
    public String append(int token) {
        if (size == window.length) {
            window = Arrays.copyOf(window, 2 * size);
        }
        window[size++] = token;
        String before = text;
        text = decoder.decode(window, 0, size);
        if (text.equals(before) && isSilent(token)) {
            size--;
            return "";
        }
        if (!text.startsWith(sent)) {
            // Byte fallback spoilt the characters before an incomplete one: go on behind them.
            cutTo(settled);
            sent = "";
        }
        int certain = text.length() - incomplete();
        String piece = certain > sent.length() ? text.substring(sent.length(), certain) : "";
        sent += piece;
        if (certain == text.length()) {
            settle(settled);
        } else if (size > LONGEST_WINDOW) {
            piece += cutAnywhere();
        }
        return piece;
    }

    /** Tells whether the latest tokens end within a character, whose text is yet to come. */
    public boolean isIncomplete() {
        return sent.length() < text.length();
    }

    /** Ends the text and returns what was held back. */
    public String flush() {
        String rest = text.substring(sent.length());
        cutTo(size);
        sent = "";
        return rest;
    }

    /**
     * Tells whether a token never has text, as a special one. Twice, as a mere space is lost at the
     * beginning only.
     */
    private boolean isSilent(int token) {
        return decoder.decode(new int[] {token, token}, 0, 2).isEmpty();
    }

    private int incomplete() {
        int count = 0;
        while (count < Math.min(INCOMPLETE, text.length())
                && text.charAt(text.length() - 1 - count) == REPLACEMENT.charAt(0)) {
            count++;
        }
        return count;
    }

    /** Goes on after a whole character: what came since the last one is context enough. */
    private void settle(int from) {
        cutTo(from);
        sent = text;
        settled = size;
    }

    /**
     * Goes on from any token, after many that never ended with a whole character. The cut may
     * shatter the character around it, which shows at the beginning only: the end stays the same.
     */
    private String cutAnywhere() {
        String rest = text.substring(sent.length());
        cutTo(size - LONGEST_WINDOW / 2);
        boolean same = text.endsWith(rest);
        sent = same ? text.substring(0, text.length() - rest.length()) : text;
        return same ? "" : rest;
    }

    private void cutTo(int from) {
        size -= from;
        System.arraycopy(window, from, window, 0, size);
        settled = Math.max(0, settled - from);
        text = size == 0 ? "" : decoder.decode(window, 0, size);
    }
}
