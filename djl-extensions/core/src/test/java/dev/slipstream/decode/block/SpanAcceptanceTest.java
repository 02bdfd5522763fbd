package dev.slipstream.decode.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.ChiSquare;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.RandomDraws;
import dev.slipstream.decode.Sampler;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What stays of a drafted span. */
class SpanAcceptanceTest {
    private static final int PLACES = 4;
    private static final int VOCABULARY = 6;
    private static final int RUNS = 200_000;
    private static final GenerationOptions KNOBS =
            GenerationOptions.builder().temperature(0.8).topK(5).seed(1L).build();

    /**
     * All places masked, drafts drawn for each by itself, always verified: the accepted tokens and
     * the one behind them, written to the end by the verifier, follow its law, here of four tokens
     * each of which depends on all before it.
     */
    @Test
    void acceptedAndResampledTokensFollowTheVerifier() {
        assertThat(pValueOfTexts(1, KNOBS)).isGreaterThan(1e-3);
    }

    /** What counts is that the drafts were drawn from what is said. */
    @Test
    void theDrafterMayHaveOtherKnobs() {
        GenerationOptions wide = GenerationOptions.builder().temperature(1.5).seed(1L).build();
        assertThat(pValueOfTexts(1, wide)).isGreaterThan(1e-3);
    }

    /** Without it, a test that sees nothing would pass too. */
    @Test
    void anExponentBendsTheLaw() {
        assertThat(pValueOfTexts(0.7, KNOBS)).isLessThan(1e-6);
        assertThat(pValueOfTexts(1.5, KNOBS)).isLessThan(1e-6);
    }

    @Test
    void whatTheVerifierRulesOutNeverStays() {
        SpanAcceptance judge = ratio(1);
        for (int run = 0; run < 1000; run++) {
            assertThat(judge.choose(1, row(0.1, 0.9, 0), row(0.4, 0, 0.6))).isNotEqualTo(1);
            assertThat(judge.choose(1, row(1, 0, 0), row(0.5, 0, 0.5))).isNotEqualTo(1);
        }
    }

    @Test
    void whatTheVerifierFindsAtLeastAsLikelyAlwaysStays() {
        for (double exponent : new double[] {0.3, 1, 3}) {
            SpanAcceptance judge = ratio(exponent);
            for (int run = 0; run < 1000; run++) {
                assertThat(judge.choose(1, row(0.7, 0.3, 0), row(0.6, 0.4, 0))).isEqualTo(1);
                assertThat(judge.choose(2, row(0.3, 0.4, 0.3), row(0.3, 0.4, 0.3))).isEqualTo(2);
            }
        }
    }

    @Test
    void aDraftLostToRoundingStaysWhereTheVerifierHasIt() {
        SpanAcceptance judge = ratio(1);
        for (int run = 0; run < 100; run++) {
            assertThat(judge.choose(2, row(0.6, 0.4, 0), row(0.5, 0.3, 0.2))).isEqualTo(2);
        }
    }

    /** Where nothing is left above the drafter, the two differ by rounding only. */
    @Test
    void withoutAResidualTheVerifierIsDrawnFrom() {
        SpanAcceptance judge = ratio(1);
        double above = 1 + 1e-6;
        for (int run = 0; run < 100; run++) {
            assertThat(judge.choose(1, row(above, 1e-9, 0), row(1, 0, 0))).isZero();
        }
    }

    @Test
    void theLikeliestIsTakenWhateverWasDrafted() {
        SpanAcceptance judge =
                SelfVerification.parse("rule=likeliest")
                        .judge(GenerationOptions.greedy(), new RandomDraws(1));
        assertThat(judge.needsDrafter()).isFalse();
        double[] unread = {};
        assertThat(judge.choose(1, unread, row(0.3, 0.4, 0.3))).isEqualTo(1);
        assertThat(judge.choose(0, unread, row(0.3, 0.4, 0.3))).isEqualTo(1);
        assertThat(judge.choose(2, unread, row(0.4, 0.2, 0.4))).as("the lower id").isZero();
    }

    @Test
    void distributionsOfDifferentVocabulariesAreRefused() {
        assertThatThrownBy(() -> ratio(1).choose(0, row(1), row(0.5, 0.5)))
                .hasMessage("drafter: expected probabilities of the verifier's 2 tokens, found 1");
    }

    private static SpanAcceptance ratio(double exponent) {
        assertThat(new SpanAcceptance(SpanRule.RATIO, exponent, new RandomDraws(3)).needsDrafter())
                .isTrue();
        return new SpanAcceptance(SpanRule.RATIO, exponent, new RandomDraws(3));
    }

    private static double[] row(double... probabilities) {
        return probabilities;
    }

    private static double pValueOfTexts(double exponent, GenerationOptions ofDrafter) {
        Random shapes = new Random(17);
        Sampler drafting = new Sampler(ofDrafter, VOCABULARY, new int[0]);
        Sampler sampler = new Sampler(KNOBS, VOCABULARY, new int[0]);
        double[][] drafter = new double[PLACES][];
        double[][][] verifier = new double[PLACES][][];
        for (int place = 0; place < PLACES; place++) {
            drafter[place] = probabilities(drafting, shapes);
            verifier[place] = new double[power(place)][];
            for (int prefix = 0; prefix < verifier[place].length; prefix++) {
                verifier[place][prefix] = probabilities(sampler, shapes);
            }
        }
        SpanAcceptance judge = new SpanAcceptance(SpanRule.RATIO, exponent, new RandomDraws(2));
        Random draws = new Random(4);
        long[] counts = new long[power(PLACES)];
        for (int run = 0; run < RUNS; run++) {
            counts[text(judge, drafter, verifier, draws)]++;
        }
        return ChiSquare.pValue(counts, law(verifier));
    }

    private static int text(
            SpanAcceptance judge, double[][] drafter, double[][][] verifier, Random draws) {
        int[] drafts = new int[PLACES];
        for (int place = 0; place < PLACES; place++) {
            drafts[place] = draw(drafter[place], draws);
        }
        int prefix = 0;
        boolean drafted = true;
        for (int place = 0; place < PLACES; place++) {
            double[] q = verifier[place][prefix];
            int token = drafted ? judge.choose(drafts[place], drafter[place], q) : draw(q, draws);
            drafted &= token == drafts[place];
            prefix = prefix * VOCABULARY + token;
        }
        return prefix;
    }

    private static double[] law(double[][][] verifier) {
        double[] law = new double[power(PLACES)];
        Arrays.fill(law, 1);
        for (int text = 0; text < law.length; text++) {
            for (int place = 0; place < PLACES; place++) {
                int upTo = text / power(PLACES - 1 - place);
                law[text] *= verifier[place][upTo / VOCABULARY][upTo % VOCABULARY];
            }
        }
        return law;
    }

    private static double[] probabilities(Sampler sampler, Random random) {
        float[] logits = new float[VOCABULARY];
        for (int token = 0; token < VOCABULARY; token++) {
            logits[token] = (float) random.nextGaussian();
        }
        double[] result = new double[VOCABULARY];
        sampler.probabilities(FloatBuffer.wrap(logits), result);
        return result;
    }

    private static int draw(double[] probabilities, Random random) {
        double left = random.nextDouble();
        int token = 0;
        while (token < VOCABULARY - 1 && left >= probabilities[token]) {
            left -= probabilities[token++];
        }
        return token;
    }

    private static int power(int exponent) {
        return (int) Math.pow(VOCABULARY, exponent);
    }
}
