package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    @Test
    void withoutStopStringsEverythingPasses() {
        StopStrings stop = new StopStrings(List.of());
        assertThat(stop.feed("any text")).isEqualTo("any text");
        assertThat(stop.flush()).isEmpty();
        assertThat(stop.isMatched()).isFalse();
        assertThatThrownBy(stop::matchStart).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(stop::match).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void holdsBackNoMoreThanWhatMayStillMatch() {
        StopStrings stop = new StopStrings(List.of("\n\nUser:"));
        assertThat(stop.feed("Hello.\n")).isEqualTo("Hello.");
        assertThat(stop.feed("\n")).isEmpty();
        assertThat(stop.feed("\nUs")).isEqualTo("\n");
        assertThat(stop.feed("ual")).isEqualTo("\n\nUsual");
        assertThat(stop.feed(" end\n\nUser")).isEqualTo(" end");
        assertThat(stop.feed(": more")).isEmpty();
        assertThat(stop.isMatched()).isTrue();
        assertThat(stop.match()).isEqualTo("\n\nUser:");
        assertThat(stop.matchStart()).isEqualTo("Hello.\n\n\nUsual end".length());
        assertThat(stop.feed("and more")).isEmpty();
        assertThat(stop.flush()).isEmpty();
    }

    @Test
    void theEndReleasesWhatWasHeldBack() {
        StopStrings stop = new StopStrings(List.of("END"));
        assertThat(stop.feed("the EN")).isEqualTo("the ");
        assertThat(stop.flush()).isEqualTo("EN");
        assertThat(stop.isMatched()).isFalse();
        assertThat(stop.flush()).isEmpty();
    }

    @Test
    void theEarlierBeginningWinsOverTheEarlierEnd() {
        StopStrings stop = new StopStrings(List.of("bc", "abcd"));
        assertThat(stop.feed("xabc")).isEqualTo("x");
        assertThat(stop.isMatched()).isFalse();
        assertThat(stop.feed("d")).isEmpty();
        assertThat(stop.match()).isEqualTo("abcd");
        assertThat(stop.matchStart()).isEqualTo(1);
    }

    @Test
    void aMatchWaitsForTheLongerOneAndIsTakenWhenThatFails() {
        StopStrings stop = new StopStrings(List.of("bc", "abcd"));
        assertThat(stop.feed("xabc")).isEqualTo("x");
        assertThat(stop.feed("e")).isEqualTo("a");
        assertThat(stop.match()).isEqualTo("bc");
        assertThat(stop.matchStart()).isEqualTo(2);
    }

    @Test
    void aMatchThatStillWaitsIsTakenAtTheEnd() {
        StopStrings stop = new StopStrings(List.of("bc", "abcd"));
        assertThat(stop.feed("xabc")).isEqualTo("x");
        assertThat(stop.flush()).isEqualTo("a");
        assertThat(stop.isMatched()).isTrue();
        assertThat(stop.match()).isEqualTo("bc");
    }

    @Test
    void ofTwoAtOnePlaceTheShorterWins() {
        StopStrings stop = new StopStrings(List.of("abc", "ab"));
        assertThat(stop.feed("xab")).isEqualTo("x");
        assertThat(stop.isMatched()).isTrue();
        assertThat(stop.match()).isEqualTo("ab");
    }

    @Test
    void surrogatePairsStayTogether() {
        StopStrings stop = new StopStrings(List.of("\uD83D\uDE00"));
        assertThat(stop.feed("a\uD83D")).isEqualTo("a");
        assertThat(stop.feed("\uDE01b")).isEqualTo("\uD83D\uDE01b");
        assertThat(stop.feed("\uD83D\uDE00")).isEmpty();
        assertThat(stop.isMatched()).isTrue();

        StopStrings other = new StopStrings(List.of("stop"));
        assertThat(other.feed("a\uD83D")).isEqualTo("a");
        assertThat(other.feed("\uDE01s")).isEqualTo("\uD83D\uDE01");
        assertThat(other.feed("\uD83D")).isEqualTo("s");
        assertThat(other.flush()).isEqualTo("\uD83D");
    }

    @Test
    void tenThousandCharactersAreHeldBackAndFound() {
        String stopString = "a".repeat(9_999) + "b";
        StopStrings stop = new StopStrings(List.of(stopString));
        StringBuilder sent = new StringBuilder();
        // A matcher that compares anew at each character would need 10^10 steps for this.
        for (int i = 0; i < 1_000_000; i++) {
            sent.append(stop.feed("a"));
        }
        assertThat(sent).hasSize(1_000_000 - 9_999);
        assertThat(stop.feed("b")).isEmpty();
        assertThat(stop.isMatched()).isTrue();
        assertThat(stop.matchStart()).isEqualTo(1_000_000 - 9_999);
    }

    @Test
    void agreesWithASearchOfTheWholeTextWhateverThePieces() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int matches = 0;
        for (int trial = 0; trial < 20_000; trial++) {
            List<String> strings = new ArrayList<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                strings.add(word(random, 1 + random.nextInt(5)));
            }
            String text = word(random, random.nextInt(30));
            long start = Long.MAX_VALUE;
            String match = "";
            for (String string : strings) {
                int at = text.indexOf(string);
                if (at >= 0 && (at < start || (at == start && string.length() < match.length()))) {
                    start = at;
                    match = string;
                }
            }
            StopStrings stop = new StopStrings(strings);
            StringBuilder sent = new StringBuilder();
            for (int at = 0; at < text.length() && !stop.isMatched(); ) {
                int to = Math.min(text.length(), at + random.nextInt(4));
                sent.append(stop.feed(text.substring(at, to)));
                String read = text.substring(0, to);
                if (strings.stream().noneMatch(read::contains)) {
                    assertThat(to - sent.length())
                            .as("seed %d, trial %d: held back", seed, trial)
                            .isEqualTo(longestBeginning(read, strings));
                }
                at = to;
            }
            sent.append(stop.flush());
            boolean found = start != Long.MAX_VALUE;
            matches += found ? 1 : 0;
            assertThat(stop.isMatched()).as("seed %d, trial %d", seed, trial).isEqualTo(found);
            assertThat(sent.toString())
                    .as("seed %d, trial %d: %s in %s", seed, trial, strings, text)
                    .isEqualTo(found ? text.substring(0, (int) start) : text);
            if (found) {
                assertThat(stop.match()).as("seed %d, trial %d", seed, trial).isEqualTo(match);
                assertThat(stop.matchStart()).isEqualTo(start);
            }
        }
        assertThat(matches).isBetween(2_000, 18_000);
    }

    /** The length of the longest end of the text with which a stop string begins. */
    private static int longestBeginning(String text, List<String> strings) {
        int longest = 0;
        for (String string : strings) {
            for (int n = Math.min(text.length(), string.length() - 1); n > longest; n--) {
                if (string.startsWith(text.substring(text.length() - n))) {
                    longest = n;
                }
            }
        }
        return longest;
    }

    private static String word(Random random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('a' + random.nextInt(3)));
        }
        return word.toString();
    }
}
