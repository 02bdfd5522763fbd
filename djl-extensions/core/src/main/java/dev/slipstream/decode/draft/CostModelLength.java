package dev.slipstream.decode.draft;

import dev.slipstream.decode.DraftLengths;
import java.util.function.Supplier;

/**
 * Drafts as many tokens as give the most tokens a second, and none where plain decoding is faster.
 * Knows what a run of n rows costs on this machine ({@link VerificationCosts}) and learns what
 * drafting costs and how often the drafter's tokens stay, by its confidence in them, so that it
 * works for any drafter without being told which. The default.
 *
 * <p>A run is worth its accepted tokens less the tokens that its time would have given otherwise
 * (Dinkelbach 1967: at the best rate that difference is zero, and largest for the best choice).
 *
 * @param most tokens of a draft, at least 1
 */
public record CostModelLength(int most) implements DraftLengthRule {
    /** Up to 16 tokens. */
    public static final CostModelLength DEFAULT = new CostModelLength(16);

    /** Checks the range. */
    public CostModelLength {
        if (most < 1 || most > 256) {
            throw new IllegalArgumentException("most: expected 1 to 256 tokens, found " + most);
        }
    }

    @Override
    public int mostTokens() {
        return most;
    }

    @Override
    public DraftLengths lengths(Supplier<VerificationCosts> costs) {
        return new CostModelLengths(most, costs.get());
    }

    @Override
    public String toString() {
        return "cost-model:" + most;
    }
}
