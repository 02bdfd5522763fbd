package dev.slipstream.decode.block;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.RandomDraws;

/**
 * The model checks its own draft of a block as a decoder of single tokens: fewer denoising runs,
 * and tokens that follow from those before them (S2D2: Han and others 2026). After a denoising run
 * that is worth it, a further run gives the model's probabilities of each place of the first span
 * given the drafts before it, and drafts are accepted from left to right.
 *
 * <p>As text, settings by commas, such as {@code policy=hysteresis:1:-5,score=dynamic}: {@code
 * policy} ({@link RoutingPolicy}), {@code estimate} ({@link AcceptanceEstimate}), {@code score}
 * ({@code static} or {@code dynamic}), {@code cost}, {@code confident} ({@link VerificationScore}),
 * {@code rule} ({@code ratio}, {@code likeliest} or {@code by-temperature}) and {@code exponent}.
 * What is left out is as in {@link #DEFAULT}; {@code toString} is the text.
 *
 * @param policy when a draft is verified
 * @param score for policies that ask for it
 * @param rule how drafts are judged
 * @param exponent of the ratio q / p, above 0; 1 keeps the verifier's distribution, less accepts
 *     more than it allows, more accepts less
 */
public record SelfVerification(
        RoutingPolicy policy, VerificationScore score, SpanRule rule, double exponent) {
    /** Verifies where a verification is expected to keep a token at least. */
    public static final SelfVerification DEFAULT =
            new SelfVerification(
                    new RoutingPolicy.ScoreThreshold(0),
                    VerificationScore.DEFAULT,
                    SpanRule.BY_TEMPERATURE,
                    1);

    /** Checks the range. */
    public SelfVerification {
        if (!(exponent > 0 && exponent <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "exponent: expected a number above 0 (1 is exact), found " + exponent);
        }
    }

    /**
     * Returns the state of one request.
     *
     * @param vocabularySize number of tokens that predictions are of
     */
    public Router open(int vocabularySize) {
        return policy.open(score, vocabularySize);
    }

    /**
     * Returns the judge of one request's drafts.
     *
     * @param options of the request
     * @param random not the sequence that draws the drafts
     */
    public SpanAcceptance judge(GenerationOptions options, RandomDraws random) {
        return new SpanAcceptance(rule.of(options), exponent, random);
    }

    /**
     * Returns the options with which a {@link dev.slipstream.decode.Sampler} gives the
     * probabilities to judge by: the request's own, but at temperature 1 instead of 0 where a ratio
     * is taken.
     */
    public GenerationOptions judged(GenerationOptions options) {
        boolean sharp = options.temperature() == 0 && rule.of(options) == SpanRule.RATIO;
        return sharp ? options.toBuilder().temperature(1).build() : options;
    }

    /**
     * Returns what a text says.
     *
     * @param text see above; the empty one is {@link #DEFAULT}
     * @throws IllegalArgumentException if a setting is unknown, is there twice, or has a wrong
     *     value
     */
    public static SelfVerification parse(String text) {
        Settings settings = Settings.parse("self-verification", text);
        SelfVerification result =
                new SelfVerification(
                        settings.take("policy", DEFAULT.policy, RoutingPolicy::parse),
                        new VerificationScore(
                                settings.take(
                                        "estimate",
                                        DEFAULT.score.estimate(),
                                        AcceptanceEstimate::parse),
                                settings.take(
                                        "score",
                                        DEFAULT.score.kind(),
                                        VerificationScore.Kind.class),
                                settings.take("cost", DEFAULT.score.cost(), Double::valueOf),
                                settings.take(
                                        "confident", DEFAULT.score.confident(), Double::valueOf)),
                        settings.take("rule", DEFAULT.rule, SpanRule.class),
                        settings.take("exponent", DEFAULT.exponent, Double::valueOf));
        settings.checkNoneLeft();
        return result;
    }

    @Override
    public String toString() {
        return "policy=%s,estimate=%s,score=%s,cost=%s,confident=%s,rule=%s,exponent=%s"
                .formatted(
                        policy,
                        score.estimate(),
                        Settings.name(score.kind()),
                        score.cost(),
                        score.confident(),
                        Settings.name(rule),
                        exponent);
    }
}
