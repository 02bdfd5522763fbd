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
        Averages averages = averages();
        return new DraftLength() {
            @Override
            public DraftLimit limit(int otherRows) {
                return new DraftLimit(averages.next(), 0);
            }

            @Override
            public void observe(DraftRound round) {
                averages.observe(round.draft().length(), round.accepted());
            }
        };
    }

    /** Returns the state of one request before its first draft, for drafters that know more. */
    public Averages averages() {
        return new Averages(this);
    }

    @Override
    public String toString() {
        return "adaptive:" + kMin + "," + kMax + "," + delta + "," + rho;
    }

    /** How the drafts of one request turned out. For one thread at a time. */
    public static final class Averages {
        private final AdaptiveLength rule;
        private double generated;
        private double accepted;
        private int k;

        private Averages(AdaptiveLength rule) {
            this.rule = rule;
            k = rule.kMax();
        }

        /** Returns the tokens of the next draft. */
        public int next() {
            return k;
        }

        /**
         * Learns from a draft.
         *
         * @param length tokens that it had before its end
         * @param stayed tokens of it that were accepted
         */
        public void observe(int length, int stayed) {
            generated = (1 - rule.rho()) * generated + rule.rho() * length;
            accepted = (1 - rule.rho()) * accepted + rule.rho() * stayed;
            long next = (long) Math.floor(generated) + (accepted >= generated ? rule.delta() : 0);
            k = (int) Math.max(rule.kMin(), Math.min(rule.kMax(), next));
        }
    }
}
