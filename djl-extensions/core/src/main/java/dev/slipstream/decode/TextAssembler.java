package dev.slipstream.decode;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Turns a request's tokens into its text: whole characters, cut at the first stop string. */
final class TextAssembler {
    private final Tokenizer tokenizer;
    private final GenerationOptions options;
    private final IncrementalText characters;
    private final StopStrings stops;

    TextAssembler(Tokenizer tokenizer, Prompt prompt, GenerationOptions options) {
        this.tokenizer = tokenizer;
        this.options = options;
        this.characters = new IncrementalText(tokenizer, prompt.ids());
        this.stops = new StopStrings(options.stopStrings());
    }

    /** Returns the text that became certain with this token; may be empty. */
    String push(int id) {
        return stops.feed(characters.append(id));
    }

    /** Tells whether a stop string came up; nothing follows then. */
    boolean stopped() {
        return stops.isMatched();
    }

    /** Returns what was held back, when no more tokens come. */
    String flush() {
        return stops.feed(characters.flush()) + stops.flush();
    }

    /** Returns a token with the log-probabilities that the request asks for. */
    Token token(int id, FloatBuffer logits) {
        Integer wanted = options.topLogProbabilities();
        if (wanted == null) {
            return new Token(id, tokenizer.piece(id), null, List.of());
        }
        LogProbabilities probabilities = new LogProbabilities(logits, logits.capacity());
        List<Token.Alternative> alternatives = new ArrayList<>();
        for (int other : probabilities.top(wanted)) {
            alternatives.add(
                    new Token.Alternative(other, tokenizer.piece(other), probabilities.of(other)));
        }
        return new Token(id, tokenizer.piece(id), probabilities.of(id), alternatives);
    }
}
