package dev.slipstream.decode.block;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A text such as {@code hysteresis:1:-5}: a name and numbers.
 *
 * @param what the text says, for errors
 * @param text as given
 * @param name in lower case
 * @param numbers behind the colons
 */
record NamedNumbers(String what, String text, String name, List<Double> numbers) {
    /**
     * Reads a text.
     *
     * @throws IllegalArgumentException if a number is none
     */
    static NamedNumbers parse(String what, String text) {
        String[] parts = text.strip().split(":", -1);
        List<Double> numbers = new ArrayList<>();
        for (int i = 1; i < parts.length; i++) {
            try {
                numbers.add(Double.valueOf(parts[i].strip()));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        "%s \"%s\": \"%s\" is no number".formatted(what, text, parts[i].strip()));
            }
        }
        return new NamedNumbers(
                what, text, parts[0].strip().toLowerCase(Locale.ROOT), List.copyOf(numbers));
    }

    /** Checks that there are no numbers. */
    void none() {
        atMost(0);
    }

    /** Returns the only number, or another one if it was left out. */
    double one(double leftOut) {
        atMost(1);
        return numbers.isEmpty() ? leftOut : numbers.get(0);
    }

    /** Returns one of so many numbers, none of which may be left out. */
    double of(int count, int index) {
        if (numbers.size() != count) {
            throw wrong(
                    "expected %d %s, found %d"
                            .formatted(count, count == 1 ? "number" : "numbers", numbers.size()));
        }
        return numbers.get(index);
    }

    private void atMost(int count) {
        if (numbers.size() > count) {
            throw wrong(
                    "expected %s, found %d"
                            .formatted(
                                    count == 0 ? "no number" : "one number at most",
                                    numbers.size()));
        }
    }

    IllegalArgumentException wrong(String reason) {
        return new IllegalArgumentException("%s \"%s\": %s".formatted(what, text, reason));
    }
}
