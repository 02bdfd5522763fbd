package dev.slipstream.decode.block;

/**
 * When a draft is worth a verification. As text {@code never}, {@code always}, {@code span:8},
 * {@code score:0}, {@code hysteresis:1:-5} or {@code bandit:1}; a policy's {@code toString} is its
 * text. Safe for use by many threads: each request has a {@link Router} of its own.
 */
public sealed interface RoutingPolicy {
    /**
     * Returns the state of one request.
     *
     * @param score of a verification
     * @param vocabularySize number of tokens that predictions are of
     */
    Router open(VerificationScore score, int vocabularySize);

    /** Verifies nothing: plain block decoding. */
    record Never() implements RoutingPolicy {
        @Override
        public Router open(VerificationScore score, int vocabularySize) {
            return (block, predictions) -> false;
        }

        @Override
        public String toString() {
            return "never";
        }
    }

    /** Verifies after each denoising run. */
    record Always() implements RoutingPolicy {
        @Override
        public Router open(VerificationScore score, int vocabularySize) {
            return (block, predictions) -> true;
        }

        @Override
        public String toString() {
            return "always";
        }
    }

    /**
     * Verifies long first spans.
     *
     * @param places from which on a span is verified, 1 or more
     */
    record MinimumSpan(int places) implements RoutingPolicy {
        /** Checks the range. */
        public MinimumSpan {
            if (places < 1) {
                throw new IllegalArgumentException(
                        "policy span: expected 1 or more places, found " + places);
            }
        }

        @Override
        public Router open(VerificationScore score, int vocabularySize) {
            return (block, predictions) -> block.endOfFirstSpan() - block.firstUnknown() >= places;
        }

        @Override
        public String toString() {
            return "span:" + places;
        }
    }

    /**
     * Verifies where the score is high enough.
     *
     * @param least score, in tokens
     */
    record ScoreThreshold(double least) implements RoutingPolicy {
        /** Checks that it is a number. */
        public ScoreThreshold {
            checkFinite("score", least);
        }

        @Override
        public Router open(VerificationScore score, int vocabularySize) {
            return (block, predictions) -> score.of(block, predictions, vocabularySize) >= least;
        }

        @Override
        public String toString() {
            return "score:" + least;
        }
    }

    /**
     * Begins to verify at a high score and goes on until it is low, across blocks.
     *
     * @param on score from which on it begins
     * @param off score below which it ends, below {@code on}
     */
    record Hysteresis(double on, double off) implements RoutingPolicy {
        /** Checks that one is above the other. */
        public Hysteresis {
            checkFinite("hysteresis", on);
            checkFinite("hysteresis", off);
            if (on <= off) {
                throw new IllegalArgumentException(
                        "policy hysteresis: expected a score to begin at above the one to end at, found %s and %s"
                                .formatted(on, off));
            }
        }

        @Override
        public Router open(VerificationScore score, int vocabularySize) {
            return new Router() {
                private boolean verifying;

                @Override
                public boolean verifies(ActiveBlock block, Predictions predictions) {
                    double value = score.of(block, predictions, vocabularySize);
                    verifying = value >= (verifying ? off : on);
                    return verifying;
                }
            };
        }

        @Override
        public String toString() {
            return "hysteresis:" + on + ":" + off;
        }
    }

    /**
     * Finds out within a request where verifying pays: situations (length of the span, progress of
     * the block, mean entropy) are told apart, and in each the choice with the better record of
     * tokens a run is taken, plus a bonus for the one that was tried less (upper confidence bound:
     * Auer and others 2002).
     *
     * @param exploration factor of the bonus, 0 or more; 1 in the paper's code
     */
    record Bandit(double exploration) implements RoutingPolicy {
        /** Checks the range. */
        public Bandit {
            if (!(exploration >= 0 && exploration <= Double.MAX_VALUE)) {
                throw new IllegalArgumentException(
                        "policy bandit: expected 0 or more, found " + exploration);
            }
        }

        @Override
        public Router open(VerificationScore score, int vocabularySize) {
            return new BanditRouter(exploration, vocabularySize);
        }

        @Override
        public String toString() {
            return "bandit:" + exploration;
        }
    }

    /**
     * Returns the policy that a text names.
     *
     * @param text see above
     * @throws IllegalArgumentException if it names none, or a number is missing or out of its range
     */
    static RoutingPolicy parse(String text) {
        NamedNumbers named = NamedNumbers.parse("policy", text);
        return switch (named.name()) {
            case "never" -> {
                named.none();
                yield new Never();
            }
            case "always" -> {
                named.none();
                yield new Always();
            }
            case "span" -> {
                double places = named.of(1, 0);
                if (places != (int) places) {
                    throw named.wrong("expected a whole number of places, found " + places);
                }
                yield new MinimumSpan((int) places);
            }
            case "score" -> new ScoreThreshold(named.of(1, 0));
            case "hysteresis" -> new Hysteresis(named.of(2, 0), named.of(2, 1));
            case "bandit" -> new Bandit(named.one(1));
            default ->
                    throw named.wrong(
                            "expected never, always, span:8, score:0, hysteresis:1:-5 or bandit:1");
        };
    }

    private static void checkFinite(String name, double score) {
        if (!Double.isFinite(score)) {
            throw new IllegalArgumentException(
                    "policy %s: expected a score, found %s".formatted(name, score));
        }
    }
}
