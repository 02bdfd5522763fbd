package dev.slipstream.decode.draft;

import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLengths;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import java.util.function.Supplier;

/**
 * Drafts the same number of tokens always: what most papers measure, and what other rules are
 * measured against.
 *
 * @param tokens of every draft, at least 1
 */
public record ConstantLength(int tokens) implements DraftLengthRule, DraftLengths {
    /** Checks the range. */
    public ConstantLength {
        if (tokens < 1) {
            throw new IllegalArgumentException(
                    "tokens: expected 1 or more, found %d; without drafts, choose no drafter"
                            .formatted(tokens));
        }
    }

    @Override
    public int mostTokens() {
        return tokens;
    }

    @Override
    public DraftLengths lengths(Supplier<VerificationCosts> costs) {
        return this;
    }

    @Override
    public DraftLength open() {
        return fixed(new DraftLimit(tokens, 0));
    }

    @Override
    public String toString() {
        return "constant:" + tokens;
    }

    static DraftLength fixed(DraftLimit limit) {
        return new DraftLength() {
            @Override
            public DraftLimit limit(int otherRows) {
                return limit;
            }

            @Override
            public void observe(DraftRound round) {
                // A rule that learns nothing.
            }
        };
    }
}
