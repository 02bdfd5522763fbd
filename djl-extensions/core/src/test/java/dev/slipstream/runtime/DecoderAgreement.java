package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Whether a decoder gives the expected logits in whichever portions its tokens come: all at once,
 * one by one, in uneven chunks, after a rollback, after a fork.
 *
 * @param model the tested one
 * @param expected from tokens to the logits at every position
 * @param tolerance how far a logit may be off
 */
public record DecoderAgreement(
        DecoderModel model, Function<int[], float[][]> expected, float tolerance) {
    /** Compares every way to run these tokens. */
    public void check(int[] tokens) {
        prefillAtOnce(tokens);
        oneByOne(tokens);
        unevenChunks(tokens);
        afterRollback(tokens);
        afterFork(tokens);
    }

    /** Compares all logits of one run, and those of its last row. */
    public void prefillAtOnce(int[] tokens) {
        float[][] wanted = expected.apply(tokens);
        try (DecoderSession session = model.newSession()) {
            agree(session.forward(tokens, LogitRows.ALL), wanted, 0, "prefill");
            session.rollback(0);
            Logits last = session.forward(tokens, LogitRows.LAST);
            assertThat(last.rows()).isEqualTo(1);
            agree(last, wanted, tokens.length - 1, "prefill, last row");
        }
    }

    /** Compares the logits of runs of one token each. */
    public void oneByOne(int[] tokens) {
        float[][] wanted = expected.apply(tokens);
        try (DecoderSession session = model.newSession()) {
            for (int i = 0; i < tokens.length; i++) {
                Logits logits = session.forward(new int[] {tokens[i]}, LogitRows.LAST);
                agree(logits, wanted, i, "one by one");
            }
        }
    }

    private void unevenChunks(int[] tokens) {
        float[][] wanted = expected.apply(tokens);
        Random random = new Random(tokens[0]);
        try (DecoderSession session = model.newSession()) {
            for (int from = 0; from < tokens.length; ) {
                int to = Math.min(tokens.length, from + 1 + random.nextInt(9));
                agree(session.forward(tokens, from, to, LogitRows.ALL), wanted, from, "chunks");
                from = to;
            }
        }
    }

    private void afterRollback(int[] tokens) {
        int[] other = reversed(tokens);
        try (DecoderSession session = model.newSession()) {
            session.forward(tokens, LogitRows.LAST);
            for (int kept : new int[] {31, 17, 16, 1}) {
                session.rollback(kept);
                int[] added = Arrays.copyOf(other, 12);
                int[] now = joined(session.tokens(), added);
                Logits logits = session.forward(added, LogitRows.ALL);
                agree(logits, expected.apply(now), kept, "rollback to " + kept);
                assertThat(session.tokens()).isEqualTo(now);
            }
        }
    }

    private void afterFork(int[] tokens) {
        int[] start = Arrays.copyOf(tokens, 19);
        int[] left = Arrays.copyOfRange(tokens, 19, 29);
        int[] right = Arrays.copyOf(reversed(tokens), 10);
        float[][] leftExpected = expected.apply(joined(start, left));
        float[][] rightExpected = expected.apply(joined(start, right));
        DecoderSession second;
        try (DecoderSession first = model.newSession()) {
            first.forward(start, LogitRows.LAST);
            second = first.fork();
            for (int i = 0; i < 9; i++) {
                Logits logits = first.forward(left, i, i + 1, LogitRows.LAST);
                agree(logits, leftExpected, 19 + i, "first after fork");
                logits = second.forward(right, i, i + 1, LogitRows.LAST);
                agree(logits, rightExpected, 19 + i, "second after fork");
            }
        }
        try (second) {
            Logits logits = second.forward(right, 9, 10, LogitRows.LAST);
            agree(logits, rightExpected, 28, "second after first's end");
        }
    }

    /** A plain loop: an assertion a number would be most of the test's time. */
    private void agree(Logits logits, float[][] wanted, int from, String when) {
        assertThat(logits.vocabularySize()).isEqualTo(wanted[0].length);
        for (int row = 0; row < logits.rows(); row++) {
            FloatBuffer found = logits.row(row);
            for (int id = 0; id < logits.vocabularySize(); id++) {
                float value = wanted[from + row][id];
                // Negated, so that NaN fails.
                if (!(Math.abs(found.get(id) - value) <= tolerance)) {
                    fail(
                            "%s, position %d, id %d: expected %s, found %s"
                                    .formatted(when, from + row, id, value, found.get(id)));
                }
            }
        }
    }

    private static int[] reversed(int[] tokens) {
        return IntStream.range(0, tokens.length).map(i -> tokens[tokens.length - 1 - i]).toArray();
    }

    static int[] joined(int[] first, int[] second) {
        return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
    }
}
