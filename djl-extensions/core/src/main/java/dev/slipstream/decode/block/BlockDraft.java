package dev.slipstream.decode.block;

import dev.slipstream.decode.Token;
import java.util.function.IntFunction;

/**
 * What a denoising run predicted, and the tokens that its predictions become if they are kept.
 *
 * @param tokens by place, of unknown places only
 */
record BlockDraft(Predictions predictions, IntFunction<Token> tokens) {
    /** Returns this for use after a further run, when the logits are gone. */
    BlockDraft withoutLogits(ActiveBlock block) {
        Token[] made = new Token[block.length()];
        for (int place = 0; place < made.length; place++) {
            if (!block.known(place)) {
                made[place] = tokens.apply(place);
            }
        }
        return new BlockDraft(predictions, place -> made[place]);
    }
}
