package dev.slipstream.decode.block;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;

/** A text of settings by commas, {@code name=value} each, that are taken one by one. */
final class Settings {
    private final String what;
    private final Map<String, String> values = new LinkedHashMap<>();
    private final TreeSet<String> known = new TreeSet<>();

    private Settings(String what) {
        this.what = what;
    }

    /**
     * Reads a text, which may be empty.
     *
     * @param what the text says, for errors
     */
    static Settings parse(String what, String text) {
        Settings settings = new Settings(what);
        for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
            int equals = part.indexOf('=');
            if (equals < 0) {
                throw settings.wrong("expected name=value, found \"" + part.strip() + "\"");
            }
            String name = part.substring(0, equals).strip();
            if (settings.values.put(name, part.substring(equals + 1).strip()) != null) {
                throw settings.wrong("\"" + name + "\" is there twice");
            }
        }
        return settings;
    }

    /** Returns the value of a setting, or another one if it is not there. */
    <T> T take(String name, T leftOut, Function<String, T> reader) {
        known.add(name);
        String value = values.remove(name);
        if (value == null) {
            return leftOut;
        }
        try {
            return reader.apply(value);
        } catch (NumberFormatException e) {
            throw wrong("%s: expected a number, found \"%s\"".formatted(name, value));
        }
    }

    /** Returns the constant that a setting names, or another one if it is not there. */
    <E extends Enum<E>> E take(String name, E leftOut, Class<E> type) {
        return take(name, leftOut, text -> constant(what + ": " + name, text, type));
    }

    /** Refuses settings that nothing took. */
    void checkNoneLeft() {
        if (!values.isEmpty()) {
            throw wrong(
                    "\"%s\" is no setting; there are %s"
                            .formatted(
                                    values.keySet().iterator().next(), String.join(", ", known)));
        }
    }

    /** Returns a constant's name as users write it. */
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns the constant of a name as users write it.
     *
     * @param setting that names it, for errors
     */
    static <E extends Enum<E>> E constant(String setting, String text, Class<E> type) {
        TreeSet<String> names = new TreeSet<>();
        for (E constant : type.getEnumConstants()) {
            if (name(constant).equals(text.toLowerCase(Locale.ROOT))) {
                return constant;
            }
            names.add(name(constant));
        }
        throw new IllegalArgumentException(
                "%s: expected one of %s, found \"%s\""
                        .formatted(setting, String.join(", ", names), text));
    }

    private IllegalArgumentException wrong(String reason) {
        return new IllegalArgumentException(what + ": " + reason);
    }
}
