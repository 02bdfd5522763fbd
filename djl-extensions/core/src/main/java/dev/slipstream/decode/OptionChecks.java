package dev.slipstream.decode;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The checks of {@link GenerationOptions}. Each failure is an {@link InvalidOptionException} that
 * names the option, says what it may be and what it was.
 */
final class OptionChecks {
    /** Above it, one request would keep megabytes of stop strings. */
    static final int MAX_STOP_STRINGS = 64;

    /** Characters (UTF-16 units) of one stop string. */
    static final int MAX_STOP_STRING_LENGTH = 16_384;

    /** OpenAI's interface allows as many. */
    static final int MAX_TOP_LOG_PROBABILITIES = 20;

    private static final double MAX_BIAS = 10_000;
    private static final Duration MAX_DEADLINE = Duration.ofDays(365);

    private OptionChecks() {}

    /** Checks that a number is in a closed range; not-a-number is in none. */
    static void inRange(String option, double value, double low, double high, String neutral) {
        if (!(value >= low && value <= high)) {
            throw new InvalidOptionException(
                    option,
                    "expected a number from %s to %s (%s), found %s"
                            .formatted(plain(low), plain(high), neutral, value));
        }
    }

    /** Checks that a number is above 0 and at most another one. */
    static void aboveZero(String option, double value, double most, String neutral) {
        if (!(value > 0 && value <= most)) {
            throw new InvalidOptionException(
                    option,
                    "expected a number above 0 and at most %s (%s), found %s"
                            .formatted(plain(most), neutral, value));
        }
    }

    /** Checks that a count is not negative. */
    static void notNegative(String option, int value, String zero) {
        if (value < 0) {
            throw new InvalidOptionException(
                    option, "expected 0 or more (%s), found %d".formatted(zero, value));
        }
    }

    /** Returns a copy of a bias whose ids are not negative and whose values are moderate. */
    static Map<Integer, Double> bias(String option, Map<Integer, Double> bias) {
        bias.forEach(
                (id, value) -> {
                    if (id == null || id < 0) {
                        throw new InvalidOptionException(
                                option, "expected token ids of 0 or more, found " + id);
                    }
                    if (value == null || !(Math.abs(value) <= MAX_BIAS)) {
                        throw new InvalidOptionException(
                                option,
                                ("expected values from -10000 to 10000 (-100 all but forbids a token),"
                                                + " found %s for token %d")
                                        .formatted(value, id));
                    }
                });
        return Map.copyOf(bias);
    }

    /** Returns a copy of token ids, none of them negative. */
    static Set<Integer> tokens(String option, Set<Integer> ids) {
        for (Integer id : ids) {
            if (id == null || id < 0) {
                throw new InvalidOptionException(
                        option, "expected token ids of 0 or more, found " + id);
            }
        }
        return Set.copyOf(ids);
    }

    /** Returns a copy of stop strings that are not empty, not too long and well-formed UTF-16. */
    static List<String> stopStrings(String option, List<String> strings) {
        if (strings.size() > MAX_STOP_STRINGS) {
            throw new InvalidOptionException(
                    option,
                    "expected at most %d strings, found %d"
                            .formatted(MAX_STOP_STRINGS, strings.size()));
        }
        for (int i = 0; i < strings.size(); i++) {
            String string = strings.get(i);
            if (string == null || string.isEmpty()) {
                throw new InvalidOptionException(
                        option,
                        "expected texts of at least one character, found %s at index %d; leave it out"
                                .formatted(string == null ? "null" : "an empty one", i));
            }
            if (string.length() > MAX_STOP_STRING_LENGTH) {
                throw new InvalidOptionException(
                        option,
                        "expected at most %d characters each, found %d at index %d"
                                .formatted(MAX_STOP_STRING_LENGTH, string.length(), i));
            }
            if (string.codePoints().anyMatch(c -> c >= 0xD800 && c <= 0xDFFF)) {
                throw new InvalidOptionException(
                        option,
                        "expected whole characters, found half of a surrogate pair at index " + i);
            }
        }
        return List.copyOf(strings);
    }

    /** Checks how many alternatives are to be reported. */
    static void topLogProbabilities(String option, @Nullable Integer value) {
        if (value != null && (value < 0 || value > MAX_TOP_LOG_PROBABILITIES)) {
            throw new InvalidOptionException(
                    option,
                    "expected 0 to %d, or nothing, found %d"
                            .formatted(MAX_TOP_LOG_PROBABILITIES, value));
        }
    }

    /** Checks that a deadline is not in the past and can be counted in nanoseconds. */
    static void deadline(String option, @Nullable Duration value) {
        if (value != null && (value.isNegative() || value.compareTo(MAX_DEADLINE) > 0)) {
            throw new InvalidOptionException(
                    option,
                    "expected a time from zero to %d days, or nothing for no limit, found %s"
                            .formatted(MAX_DEADLINE.toDays(), value));
        }
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
