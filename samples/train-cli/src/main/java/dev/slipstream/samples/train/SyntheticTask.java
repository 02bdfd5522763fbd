package dev.slipstream.samples.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * Problems of one line each whose answers are known: {@code 3,1,8>3,4,12} sums up from number to
 * number, so each part of the answer needs the part before it; {@code a=37;c=12?ca>12,37} looks
 * values up, far back and one independent of the other. What decoders of blocks lose by writing
 * several tokens at once shows in the first kind, what they lose by not looking back in the second.
 */
final class SyntheticTask {
    private static final int FEWEST = 3;
    private static final int MOST = 7;
    private static final int LETTERS = 26;

    private final Random random;

    SyntheticTask(long seed) {
        random = new Random(seed);
    }

    /** What is asked. */
    enum Kind {
        /** Running totals. */
        TOTALS,
        /** Values by their names. */
        RECALL
    }

    /**
     * One line.
     *
     * @param kind of the problem
     * @param prompt up to and with {@code >}
     * @param answer behind it, without the end of the line
     */
    record Problem(Kind kind, String prompt, String answer) {
        String line() {
            return prompt + answer + "\n";
        }
    }

    /** Returns the next problem of a kind. */
    Problem next(Kind kind) {
        int items = FEWEST + random.nextInt(MOST - FEWEST + 1);
        return kind == Kind.TOTALS ? totals(items) : recall(items);
    }

    /** Returns a text of so many problems, of both kinds. */
    String document(int problems) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < problems; i++) {
            text.append(next(random.nextBoolean() ? Kind.TOTALS : Kind.RECALL).line());
        }
        return text.toString();
    }

    private Problem totals(int items) {
        List<Integer> numbers = new ArrayList<>();
        List<Integer> totals = new ArrayList<>();
        int total = 0;
        for (int i = 0; i < items; i++) {
            int number = random.nextInt(10);
            total += number;
            numbers.add(number);
            totals.add(total);
        }
        return new Problem(Kind.TOTALS, joined(numbers) + ">", joined(totals));
    }

    private Problem recall(int items) {
        List<Integer> letters = new ArrayList<>();
        for (int i = 0; i < LETTERS; i++) {
            letters.add(i);
        }
        Collections.shuffle(letters, random);
        List<Integer> values = new ArrayList<>();
        StringBuilder prompt = new StringBuilder();
        for (int i = 0; i < items; i++) {
            values.add(10 + random.nextInt(90));
            prompt.append(i == 0 ? "" : ";").append(letter(letters.get(i)));
            prompt.append('=').append(values.get(i));
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < items; i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        prompt.append('?');
        order.forEach(i -> prompt.append(letter(letters.get(i))));
        return new Problem(
                Kind.RECALL,
                prompt.append('>').toString(),
                joined(order.stream().map(values::get).toList()));
    }

    private static char letter(int index) {
        return (char) ('a' + index);
    }

    private static String joined(List<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
