package dev.slipstream.pass;

import dev.slipstream.runtime.RuntimeOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Text that passes look at while they decide; never the text that the result is judged by.
 *
 * @param sequences token ids, each as the model would read it, a begin token included; one or more,
 *     none empty
 * @param runtime how graphs are run over it
 */
public record Calibration(List<int[]> sequences, RuntimeOptions runtime) {
    /** Checks that there is text. */
    public Calibration {
        sequences = List.copyOf(sequences);
        if (sequences.isEmpty() || sequences.stream().anyMatch(s -> s.length == 0)) {
            throw new IllegalArgumentException(
                    "sequences: expected one or more with tokens, found "
                            + sequences.stream().map(s -> s.length).toList());
        }
    }

    /**
     * Cuts a text into sequences of equal length, spread evenly over it.
     *
     * @param tokens of the text, without begin token
     * @param begin what to put before each sequence; none or one token
     * @param sequences how many
     * @param length tokens of each, {@code begin} included
     * @param runtime how graphs are run over it
     * @throws PassException if the text is too short
     */
    public static Calibration cut(
            int[] tokens, int[] begin, int sequences, int length, RuntimeOptions runtime) {
        int own = length - begin.length;
        if (sequences < 1 || own < 2) {
            throw new PassException(
                    "calibration: expected 1 or more sequences of 3 or more tokens, found %d of %d"
                            .formatted(sequences, length));
        }
        long needed = (long) sequences * own;
        if (tokens.length < needed) {
            throw new PassException(
                    "calibration: expected a text of at least %d tokens for %d sequences of %d, found %d; give a longer text or ask for fewer or shorter sequences"
                            .formatted(needed, sequences, length, tokens.length));
        }
        List<int[]> cut = new ArrayList<>();
        for (int i = 0; i < sequences; i++) {
            int from = (int) ((long) i * (tokens.length - own) / Math.max(1, sequences - 1));
            int[] sequence = Arrays.copyOf(begin, length);
            System.arraycopy(tokens, from, sequence, begin.length, own);
            cut.add(sequence);
        }
        return new Calibration(cut, runtime);
    }

    /** Returns the number of tokens in all sequences. */
    public int tokens() {
        return sequences.stream().mapToInt(s -> s.length).sum();
    }
}
