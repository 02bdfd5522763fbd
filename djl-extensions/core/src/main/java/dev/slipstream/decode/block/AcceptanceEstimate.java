package dev.slipstream.decode.block;

/**
 * Foretells how likely the verifier keeps a drafted token, from the draft alone. As text {@code
 * entropy}, {@code entropy:2}, {@code entropy-below:0.5}, {@code margin:0.05}, {@code
 * scaled-margin:1}, {@code confidence:1} or {@code collision}; an estimate's {@code toString} is
 * its text, and a number that is left out gets the default that stands here. All are of the model's
 * own distribution, whatever the request's temperature.
 */
public sealed interface AcceptanceEstimate {
    /**
     * Returns the estimate for one place.
     *
     * @param predictions of the draft
     * @param place one that is not known
     * @param vocabularySize number of tokens that the probabilities are of
     * @return 0 to 1
     */
    double of(Predictions predictions, int place, int vocabularySize);

    /**
     * The exponential of minus the entropy, as a share of the most that it can be: the estimate of
     * the paper's main results.
     *
     * @param strength factor of the entropy, 0 or more; 1 in the paper
     */
    record Entropy(double strength) implements AcceptanceEstimate {
        /** Checks the range. */
        public Entropy {
            check("entropy", strength, Double.MAX_VALUE);
        }

        @Override
        public double of(Predictions predictions, int place, int vocabularySize) {
            return Math.exp(-strength * normalisedEntropy(predictions, place, vocabularySize));
        }

        @Override
        public String toString() {
            return "entropy:" + strength;
        }
    }

    /**
     * 1 where the entropy is below a share of the most that it can be, else 0.
     *
     * @param most that share, 0 to 1
     */
    record EntropyBelow(double most) implements AcceptanceEstimate {
        /** Checks the range. */
        public EntropyBelow {
            check("entropy-below", most, 1);
        }

        @Override
        public double of(Predictions predictions, int place, int vocabularySize) {
            return normalisedEntropy(predictions, place, vocabularySize) < most ? 1 : 0;
        }

        @Override
        public String toString() {
            return "entropy-below:" + most;
        }
    }

    /**
     * 1 where the likeliest token is more likely than the second by more than this, else 0.
     *
     * @param least the difference, 0 to 1; 0.05 in the paper
     */
    record Margin(double least) implements AcceptanceEstimate {
        /** Checks the range. */
        public Margin {
            check("margin", least, 1);
        }

        @Override
        public double of(Predictions predictions, int place, int vocabularySize) {
            return predictions.margins()[place] > least ? 1 : 0;
        }

        @Override
        public String toString() {
            return "margin:" + least;
        }
    }

    /**
     * The probability of the likeliest token minus that of the second, times a factor, at most 1.
     *
     * @param factor 0 or more
     */
    record ScaledMargin(double factor) implements AcceptanceEstimate {
        /** Checks the range. */
        public ScaledMargin {
            check("scaled-margin", factor, Double.MAX_VALUE);
        }

        @Override
        public double of(Predictions predictions, int place, int vocabularySize) {
            return Math.min(1, factor * predictions.margins()[place]);
        }

        @Override
        public String toString() {
            return "scaled-margin:" + factor;
        }
    }

    /**
     * A power of the drafted token's probability.
     *
     * @param power 0 or more
     */
    record Confidence(double power) implements AcceptanceEstimate {
        /** Checks the range. */
        public Confidence {
            check("confidence", power, Double.MAX_VALUE);
        }

        @Override
        public double of(Predictions predictions, int place, int vocabularySize) {
            return Math.min(1, Math.pow(predictions.confidences()[place], power));
        }

        @Override
        public String toString() {
            return "confidence:" + power;
        }
    }

    /** The chance that two draws are the same token: the sum of all squared probabilities. */
    record Collision() implements AcceptanceEstimate {
        @Override
        public double of(Predictions predictions, int place, int vocabularySize) {
            return Math.min(1, predictions.collisions()[place]);
        }

        @Override
        public String toString() {
            return "collision";
        }
    }

    /**
     * Returns the estimate that a text names.
     *
     * @param text see above
     * @throws IllegalArgumentException if it names none, or a number is out of its range
     */
    static AcceptanceEstimate parse(String text) {
        NamedNumbers named = NamedNumbers.parse("estimate", text);
        return switch (named.name()) {
            case "entropy" -> new Entropy(named.one(1));
            case "entropy-below" -> new EntropyBelow(named.one(0.5));
            case "margin" -> new Margin(named.one(0.05));
            case "scaled-margin" -> new ScaledMargin(named.one(1));
            case "confidence" -> new Confidence(named.one(1));
            case "collision" -> {
                named.none();
                yield new Collision();
            }
            default ->
                    throw named.wrong(
                            "expected entropy, entropy-below, margin, scaled-margin, confidence or collision");
        };
    }

    /**
     * Returns a place's entropy as a share of that of equally likely tokens, 0 to 1; 0 for a single
     * token.
     */
    static double normalisedEntropy(Predictions predictions, int place, int vocabularySize) {
        return vocabularySize <= 1 ? 0 : predictions.entropies()[place] / Math.log(vocabularySize);
    }

    private static void check(String name, double value, double most) {
        if (!(value >= 0 && value <= most)) {
            throw new IllegalArgumentException(
                    "estimate %s: expected a number %s, found %s"
                            .formatted(name, most == 1 ? "from 0 to 1" : "of 0 or more", value));
        }
    }
}
