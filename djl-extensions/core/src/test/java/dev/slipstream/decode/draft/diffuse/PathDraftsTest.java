package dev.slipstream.decode.draft.diffuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.draft.AdaptiveLength;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Proofs 5 and 6: what the search gains, and how the length follows. */
class PathDraftsTest {
    private static final int END = 0;
    private static final DraftLimit FAR = new DraftLimit(100, 0);

    private static Candidates sure(int token) {
        return new Candidates(new int[] {token}, new double[] {-0.1}, 1);
    }

    /** A raw draft of a length, then its acceptance. */
    private static int next(PathDrafts drafts, int[] text, int[] length, int generated, int stays) {
        int k = drafts.places(FAR);
        List<Candidates> places = new ArrayList<>();
        for (int i = 0; i < k; i++) {
            places.add(sure(i < generated ? 1 : END));
        }
        Draft draft = drafts.choose(places, FAR);
        int from = length[0];
        for (int i = 0; i < stays; i++) {
            text[length[0]++] = draft.tokens()[i];
        }
        // The target's own token, which no draft has.
        text[length[0]++] = 7;
        drafts.extend(text, from, length[0]);
        return drafts.places(FAR);
    }

    private static PathDrafts drafts(AdaptiveLength length) {
        PathDrafts drafts =
                new PathDrafts(
                        length,
                        new PathSearch(3, 0.5, PathScore.MEAN),
                        new NgramProxy(10),
                        Set.of(END));
        drafts.extend(new int[] {1, 2}, 0, 2);
        return drafts;
    }

    @Test
    void theLengthFollowsThePapersAverages() {
        PathDrafts drafts = drafts(AdaptiveLength.DEFAULT);
        int[] text = new int[10_000];
        int[] length = {2};
        assertThat(drafts.places(FAR)).isEqualTo(30);
        assertThat(drafts.places(new DraftLimit(12, 0))).isEqualTo(12);
        // G = 15, A = 5.
        assertThat(next(drafts, text, length, 30, 10)).isEqualTo(20);
        // G = 17.5, A = 12.5.
        assertThat(next(drafts, text, length, 20, 20)).isEqualTo(20);
        // G = 18.75, A = 16.25, ... : never above what was generated, but nearer each time.
        for (int i = 0; i < 60; i++) {
            next(drafts, text, length, 30, drafts.places(FAR));
        }
        // A = G, to rounding.
        assertThat(drafts.places(FAR)).isEqualTo(30);
    }

    @Test
    void equalSignalsClimbToTheMost() {
        PathDrafts drafts = drafts(new AdaptiveLength(2, 40, 5, 0.5));
        int[] text = new int[10_000];
        int[] length = {2};
        // G = A = 4: 4 + 5, where 40 places ended after 8.
        assertThat(next(drafts, text, length, 8, 8)).isEqualTo(9);
        int k = 9;
        while (k < 40) {
            int longer = next(drafts, text, length, k, k);
            assertThat(longer).isGreaterThan(k);
            k = longer;
        }
        assertThat(next(drafts, text, length, 40, 40)).isEqualTo(40);
    }

    /** The raw draft's end counts, not that of the path. */
    @Test
    void thePathDoesNotSayWhatWasGenerated() {
        PathDrafts drafts = drafts(new AdaptiveLength(1, 8, 0, 1));
        // The likeliest token never ends the text; an end token in the second place cuts the path.
        List<Candidates> places =
                new ArrayList<>(IntStream.range(0, 8).mapToObj(i -> sure(1)).toList());
        places.set(1, new Candidates(new int[] {1, END}, new double[] {-0.1, -3}, 2));
        Draft draft = drafts.choose(places, FAR);
        assertThat(draft.length()).isEqualTo(2);
        drafts.extend(new int[] {1, 2, 1, 1, 5}, 2, 5);
        assertThat(drafts.places(FAR)).isEqualTo(8);
    }

    @Test
    void stopsBeforeATokenThatItTrustsLess() {
        PathDrafts drafts = drafts(new AdaptiveLength(1, 8, 0, 1));
        List<Candidates> places =
                List.of(
                        new Candidates(new int[] {1}, new double[] {Math.log(0.9)}, 1),
                        new Candidates(new int[] {1}, new double[] {Math.log(0.3)}, 1),
                        new Candidates(new int[] {1}, new double[] {Math.log(0.9)}, 1));
        assertThat(drafts.choose(places, new DraftLimit(8, 0.4)).length()).isEqualTo(1);
        assertThat(drafts.choose(places, new DraftLimit(8, 0.2)).confidences())
                .containsExactly(new double[] {0.9, 0.3, 0.9}, within(1e-12));
        assertThat(drafts.choose(places, new DraftLimit(8, 0.95)).length()).isZero();
    }

    /** Each place is as likely to have its own token as the next one's; pairs of tokens tell. */
    @Test
    void theSearchIsAcceptedLongerThanTheLikeliestTokens() {
        int vocabulary = 200;
        Random random = new Random(41);
        // Each token has a few followers, as in a language.
        int[] text = new int[6000];
        for (int i = 1; i < text.length; i++) {
            text[i] = (7 * text[i - 1] + 1 + random.nextInt(3)) % vocabulary;
        }
        int known = 5000;
        double plain = accepted("proxy-weight=0,proxy=uniform", text, known, vocabulary);
        double searched = accepted("proxy-weight=0.5,proxy=ngram", text, known, vocabulary);
        // Seen: 0.99 and 14.63 of 15.
        assertThat(searched).isGreaterThan(10 * plain);
        assertThat(plain).isGreaterThan(0.3);
    }

    private static double accepted(String options, int[] text, int known, int vocabulary) {
        ScriptedDiffusion drafting =
                new ScriptedDiffusion(
                        DiffuSpecOptions.parse("k-min=15,k-max=15," + options),
                        vocabulary,
                        Set.of(),
                        ScriptedDiffusion.smeared(text, 42));
        int accepted = 0;
        int drafts = 0;
        try (Drafter drafter = drafting.open(Set.of())) {
            drafter.extend(text, 0, known);
            int length = known;
            while (length + 16 < text.length) {
                Draft draft = drafter.propose(FAR);
                int same = Arrays.mismatch(draft.tokens(), 0, 15, text, length, length + 15);
                int stays = same < 0 ? 15 : same;
                accepted += stays;
                drafts++;
                drafter.extend(text, length, length + stays + 1);
                length += stays + 1;
            }
        }
        return (double) accepted / drafts;
    }
}
