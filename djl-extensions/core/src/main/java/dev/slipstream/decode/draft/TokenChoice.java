package dev.slipstream.decode.draft;

import dev.slipstream.decode.GenerationOptions;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** Chooses the next token of a draft from the drafter's own logits. */
sealed interface TokenChoice permits LikeliestToken, DrawnToken {
    /**
     * Returns the choice for a request: the likeliest token at temperature 0, else one drawn from
     * the drafter's own distribution.
     *
     * @param options of the request
     * @param shared the ids that both models have logits for, those below it
     * @param vocabularySize of the target
     */
    static TokenChoice of(GenerationOptions options, int shared, int vocabularySize) {
        return options.temperature() == 0
                ? new LikeliestToken(shared)
                : new DrawnToken(options, shared, vocabularySize);
    }

    /** Reads the logits of one position. */
    void read(FloatBuffer row);

    /**
     * Returns the probability of the likeliest token. Above temperature 0 too: whether a draft goes
     * on must not depend on what was drawn, or the drawn ones would not have their distribution.
     */
    double confidence();

    /** Returns the token of this position; called once for each. */
    int token();

    /** Returns what it was drawn from, by id of the target's vocabulary; null if it was not. */
    double @Nullable [] distribution();
}
