package dev.slipstream.decode;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text of one request as it is written, token by token: where it ends, and which of it is
 * certain. What every way to decode has in common. For one thread at a time.
 */
public final class WrittenText {
    private final LanguageModel model;
    private final GenerationOptions options;
    private final TextAssembler assembler;
    private final int capacity;
    private final StringBuilder piece = new StringBuilder();
    private final List<Token> pieceTokens = new ArrayList<>();
    private int[] tokens;
    private int length;
    private int generated;
    private @Nullable FinishReason finish;

    /**
     * Constructs a text that has its prompt, and has ended if no token may come.
     *
     * @param request what it begins with
     */
    public WrittenText(TextRequest request) {
        model = request.model();
        options = request.options();
        assembler = new TextAssembler(model.tokenizer(), request.prompt(), options);
        capacity = request.session().capacity();
        length = request.prompt().length();
        tokens = Arrays.copyOf(request.prompt().ids(), length + 64);
        finish = options.maxTokens() == 0 ? FinishReason.LENGTH : null;
    }

    /**
     * Returns a token with the log-probabilities that the request asks for.
     *
     * @param id of the token
     * @param row the logits that it was chosen by
     */
    public Token token(int id, FloatBuffer row) {
        return assembler.token(id, row);
    }

    /**
     * Adds a token; one that ends the text does not become part of it.
     *
     * @return whether the text goes on after it
     */
    public boolean add(Token token) {
        generated++;
        if (endsText(token.id())) {
            end(FinishReason.STOP_TOKEN);
            return false;
        }
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = token.id();
        pieceTokens.add(token);
        piece.append(assembler.push(token.id()));
        if (assembler.stopped()) {
            finish = FinishReason.STOP_STRING;
        } else if (generated >= options.maxTokens() || length > capacity) {
            // The newest token is not read before the next one is asked for: it needs no place.
            end(FinishReason.LENGTH);
        }
        return finish == null;
    }

    private boolean endsText(int token) {
        return options.stopTokens().contains(token)
                || !options.ignoreEndOfText() && model.endTokens().contains(token);
    }

    /** Ends the text unless it has ended; what was held back comes out. */
    public void end(FinishReason reason) {
        if (finish == null) {
            piece.append(assembler.flush());
            finish = assembler.stopped() ? FinishReason.STOP_STRING : reason;
        }
    }

    /** Returns why the text ended; null while it goes on. */
    public @Nullable FinishReason finishReason() {
        return finish;
    }

    /** Returns what {@link TextDecoder#poll} has to. */
    public @Nullable TextChunk poll() {
        if (piece.isEmpty() && (finish == null || pieceTokens.isEmpty())) {
            return null;
        }
        TextChunk chunk = new TextChunk(piece.toString(), pieceTokens);
        piece.setLength(0);
        pieceTokens.clear();
        return chunk;
    }

    /** Returns how many tokens were added, one that ended the text included. */
    public int generated() {
        return generated;
    }

    /** Returns how many more tokens may be added. */
    public int remaining() {
        return options.maxTokens() - generated;
    }

    /** Returns the number of tokens of prompt and answer. */
    public int length() {
        return length;
    }

    /** Returns the newest token. */
    public int newest() {
        return tokens[length - 1];
    }

    /** Returns the tokens of prompt and answer, {@link #length()} of them, with room behind. */
    int[] tokens() {
        return tokens;
    }
}
