package dev.slipstream.zoo;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Options as texts by name; an error begins with the name. */
record OptionTexts(Function<String, @Nullable String> byName) {
    /** Returns the value of an option, or another one if nothing is said of it. */
    <T extends @Nullable Object> T read(String name, Function<String, T> reader, T absent) {
        String text = byName.apply(name);
        if (text == null) {
            return absent;
        }
        try {
            return reader.apply(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    /** Reads a whole number that is not below another one. */
    static int number(String text, int least) {
        try {
            int number = Integer.parseInt(text.strip());
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, with what was expected.
        }
        throw new IllegalArgumentException(
                "expected a whole number of %d or more, found '%s'".formatted(least, text));
    }

    /** Reads a constant's name, in any case, with hyphens. */
    static <E extends Enum<E>> E constant(Class<E> type, String text) {
        String name = text.strip().toUpperCase(Locale.ROOT).replace('-', '_');
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(name)) {
                return constant;
            }
        }
        throw new IllegalArgumentException(
                "expected one of %s, found '%s'"
                        .formatted(
                                Arrays.stream(type.getEnumConstants())
                                        .map(e -> e.name().toLowerCase(Locale.ROOT))
                                        .map(e -> e.replace('_', '-'))
                                        .toList(),
                                text));
    }
}
