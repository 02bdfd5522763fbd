package dev.slipstream.decode.draft;

import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLengths;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import java.util.function.Supplier;

/**
 * Follows how long drafts turned out, and goes beyond as long as they are accepted whole: the
 * "adaptive draft length" of DiffuSpec (2025), made for drafters that write a block in one pass. It
 * knows no costs, so use it to compare with the paper; {@link CostModelLength} is the default.
 *
 * @param kMin fewest tokens of a draft, at least 1
 * @param kMax most tokens of a draft, and those of the first
 * @param delta tokens that are added while drafts are accepted whole, at least 0
 * @param rho weight of the newest draft in the moving averages, above 0 and up to 1
 */
public record AdaptiveLength(int kMin, int kMax, int delta, double rho)
        implements DraftLengthRule, DraftLengths {
    /** The paper's constants. */
    public static final AdaptiveLength DEFAULT = new AdaptiveLength(20, 30, 10, 0.5);

    /** Checks the ranges. */
    public AdaptiveLength {
        if (kMin < 1 || kMax < kMin) {
            throw new IllegalArgumentException(
                    "kMin, kMax: expected 1 <= kMin <= kMax, found %d and %d"
                            .formatted(kMin, kMax));
        }
        if (delta < 0) {
            throw new IllegalArgumentException("delta: expected 0 or more, found " + delta);
        }
        if (!(rho > 0 && rho <= 1)) {
            throw new IllegalArgumentException("rho: expected above 0 and up to 1, found " + rho);
        }
    }

    @Override
    public int mostTokens() {
        return kMax;
    }

    @Override
    public DraftLengths lengths(Supplier<VerificationCosts> costs) {
        return this;
    }

    @Override
    public DraftLength open() {
        return new Averages();
    }

    @Override
    public String toString() {
        return "adaptive:" + kMin + "," + kMax + "," + delta + "," + rho;
    }

    private final class Averages implements DraftLength {
        private double generated;
        private double accepted;
        private int k = kMax;

        @Override
        public DraftLimit limit(int otherRows) {
            return new DraftLimit(k, 0);
        }

        @Override
        public void observe(DraftRound round) {
            generated = (1 - rho) * generated + rho * round.draft().length();
            accepted = (1 - rho) * accepted + rho * round.accepted();
            long next = (long) Math.floor(generated) + (accepted >= generated ? delta : 0);
            k = (int) Math.max(kMin, Math.min(kMax, next));
        }
    }
}
