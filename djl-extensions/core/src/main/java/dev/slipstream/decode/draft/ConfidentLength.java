package dev.slipstream.decode.draft;

import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLengths;
import dev.slipstream.decode.DraftLimit;
import java.util.function.Supplier;

/**
 * Drafts while the drafter trusts its own tokens: saves a draft model's runs over guesses that the
 * target would throw away. The rule of assisted generation in Hugging Face Transformers ("dynamic
 * speculation"; Mamou and others 2024).
 *
 * @param most tokens of a draft, at least 1
 * @param leastConfidence the draft ends before a token that the drafter trusts less, 0 to 1
 */
public record ConfidentLength(int most, double leastConfidence)
        implements DraftLengthRule, DraftLengths {
    /** Up to 20 tokens of a confidence of 0.4, as Transformers. */
    public static final ConfidentLength DEFAULT = new ConfidentLength(20, 0.4);

    /** Checks the ranges. */
    public ConfidentLength {
        if (most < 1) {
            throw new IllegalArgumentException("most: expected 1 or more tokens, found " + most);
        }
        if (!(leastConfidence >= 0 && leastConfidence <= 1)) {
            throw new IllegalArgumentException(
                    "leastConfidence: expected 0 to 1, found " + leastConfidence);
        }
    }

    @Override
    public int mostTokens() {
        return most;
    }

    @Override
    public DraftLengths lengths(Supplier<VerificationCosts> costs) {
        return this;
    }

    @Override
    public DraftLength open() {
        return ConstantLength.fixed(new DraftLimit(most, leastConfidence));
    }

    @Override
    public String toString() {
        return "confident:" + most + "," + leastConfidence;
    }
}
