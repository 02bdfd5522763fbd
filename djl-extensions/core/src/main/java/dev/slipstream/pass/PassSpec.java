package dev.slipstream.pass;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a plan says of one pass; as text {@code finercut:remove=0.25,metric=js}. Values with commas
 * are written in parentheses: {@code slice:widths=(96,96,192,768)}.
 *
 * @param name of the pass
 * @param parameters by name; what is left out has its default
 */
public record PassSpec(String name, Map<String, String> parameters) {
    /** Copies the map, in its order. */
    public PassSpec {
        if (!name.matches("[a-z][a-z0-9-]*")) {
            throw new PassException(
                    "expected the name of a pass in small letters, such as finercut, found '%s'"
                            .formatted(name));
        }
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * Reads the text form.
     *
     * @param text such as {@code finercut:remove=0.25,metric=js}
     * @throws PassException if it has another form
     */
    public static PassSpec parse(String text) {
        String stripped = text.strip();
        int colon = stripped.indexOf(':');
        if (colon < 0) {
            return new PassSpec(stripped, Map.of());
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String part : split(stripped.substring(colon + 1), text)) {
            int equals = part.indexOf('=');
            if (equals < 1) {
                throw new PassException(
                        "pass '%s': expected name=value after the colon, found '%s'; a value with commas stands in parentheses"
                                .formatted(text, part));
            }
            String name = part.substring(0, equals).strip();
            if (parameters.put(name, unwrapped(part.substring(equals + 1).strip())) != null) {
                throw new PassException(
                        "pass '%s': expected each parameter once, found %s twice"
                                .formatted(text, name));
            }
        }
        return new PassSpec(stripped.substring(0, colon).strip(), parameters);
    }

    private static List<String> split(String text, String whole) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (depth < 0 || depth > 1) {
                break;
            }
            if (c == ',' && depth == 0) {
                parts.add(text.substring(start, i));
                start = i + 1;
            }
        }
        if (depth != 0) {
            throw new PassException(
                    "pass '%s': expected one closing parenthesis for each opening one"
                            .formatted(whole));
        }
        parts.add(text.substring(start));
        return parts;
    }

    private static String unwrapped(String value) {
        return value.startsWith("(") && value.endsWith(")")
                ? value.substring(1, value.length() - 1)
                : value;
    }

    @Override
    public String toString() {
        if (parameters.isEmpty()) {
            return name;
        }
        List<String> parts = new ArrayList<>();
        parameters.forEach(
                (key, value) ->
                        parts.add(key + "=" + (value.contains(",") ? "(" + value + ")" : value)));
        return name + ":" + String.join(",", parts);
    }
}
