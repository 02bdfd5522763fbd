package dev.slipstream.decode.draft;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** Takes the token with the highest logit, of equal ones that with the lowest id. */
final class LikeliestToken implements TokenChoice {
    /** What is e^16 times less likely than the likeliest changes no confidence that is shown. */
    private static final float NEGLIGIBLE = 16;

    private final int vocabularySize;
    private int token;
    private double confidence;

    LikeliestToken(int vocabularySize) {
        this.vocabularySize = vocabularySize;
    }

    @Override
    public void read(FloatBuffer row) {
        token = 0;
        float highest = row.get(0);
        for (int i = 1; i < vocabularySize; i++) {
            float logit = row.get(i);
            if (logit > highest) {
                highest = logit;
                token = i;
            }
        }
        double sum = 0;
        for (int i = 0; i < vocabularySize; i++) {
            float below = row.get(i) - highest;
            if (below > -NEGLIGIBLE) {
                sum += Math.exp(below);
            }
        }
        // A damaged model's logits may be NaN, which no draft should show.
        confidence = sum >= 1 ? 1 / sum : 0;
    }

    @Override
    public double confidence() {
        return confidence;
    }

    @Override
    public int token() {
        return token;
    }

    @Override
    public double @Nullable [] distribution() {
        return null;
    }
}
