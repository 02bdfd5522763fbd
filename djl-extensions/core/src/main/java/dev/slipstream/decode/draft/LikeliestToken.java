package dev.slipstream.decode.draft;

import dev.slipstream.decode.Confidence;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the token with the highest logit, of equal ones that with the lowest id. A damaged model's
 * logits may be NaN, which no draft should show: token 0 then, of confidence 0.
 */
final class LikeliestToken implements TokenChoice {
    private final Confidence likeliest;

    LikeliestToken(int vocabularySize) {
        likeliest = new Confidence(vocabularySize);
    }

    @Override
    public void read(FloatBuffer row) {
        likeliest.read(row);
    }

    @Override
    public double confidence() {
        return likeliest.probability();
    }

    @Override
    public int token() {
        return likeliest.token();
    }

    @Override
    public double @Nullable [] distribution() {
        return null;
    }
}
