package dev.slipstream.decode.draft.diffuse;

/**
 * Says how well a token follows those before it, for a search that puts together a draft from
 * places that were predicted without knowing of each other. Must be cheap: it is asked some hundred
 * times for a draft. Implement it to bring knowledge of your own; {@link NgramProxy} counts tokens,
 * {@link UniformProxy} leaves the choice to the model that drafts. Safe for use by many threads.
 */
public interface CausalProxy {
    /** Returns how many tokens before a token it looks at, 0 or more. */
    int context();

    /** Returns what knows one request's text. */
    Reader open();

    /** What knows one request's text; for one thread at a time. */
    interface Reader {
        /**
         * Tells what the text has become: first the prompt, then what each verification added.
         *
         * @param text token ids from the prompt's first on
         * @param from first new one
         * @param to one past the last new one, the length of the text so far
         */
        void extend(int[] text, int from, int to);

        /**
         * Returns how likely a token is.
         *
         * @param before the tokens before it, {@link CausalProxy#context()} of them or, at the
         *     beginning of a text, fewer; not kept
         * @param token what may follow
         * @return the natural logarithm of its probability: 0 or below, and finite, so that what
         *     was never seen stays possible
         */
        double logProbability(int[] before, int token);
    }
}
