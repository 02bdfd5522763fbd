package dev.slipstream.decode.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Filters from one text or number to another. */
final class TextFilters {
    private static final Pattern WORD = Pattern.compile("[^-\\s({\\[<]+");
    private static final Pattern NUMBER =
            Pattern.compile("[-+]?(?:[\\d_]+\\.?[\\d_]*|\\.[\\d_]+)(?:e[-+]?\\d+)?");
    private static final int MOST_DIGITS = 300;

    private TextFilters() {}

    static Map<String, Filter> all() {
        Map<String, Filter> all = new TreeMap<>();
        put(all, "upper", s -> s.toUpperCase(Locale.ROOT));
        put(all, "lower", s -> s.toLowerCase(Locale.ROOT));
        put(all, "title", TextFilters::title);
        put(all, "capitalize", PythonStrings::capitalize);
        put(all, "string", s -> s);
        put(all, "safe", s -> s);
        put(all, "escape", TextFilters::escape);
        put(all, "e", TextFilters::escape);
        all.put("trim", TextFilters::trim);
        all.put("replace", TextFilters::replace);
        all.put("indent", TextFilters::indent);
        all.put("format", TextFilters::format);
        all.put("default", TextFilters::orDefault);
        all.put("d", TextFilters::orDefault);
        all.put("int", TextFilters::toInteger);
        all.put("float", TextFilters::toFloat);
        all.put("round", TextFilters::round);
        all.put(
                "abs",
                (r, value, a) ->
                        Values.isNumber(value) && Values.asDouble(value) < 0
                                ? Operators.negate(value)
                                : Operators.plus(value));
        all.put("attr", (r, value, a) -> attribute(value, a.bind("attr", "name").text(0)));
        return all;
    }

    private static void put(Map<String, Filter> all, String name, UnaryOperator<String> of) {
        all.put(
                name,
                (r, value, a) -> {
                    a.bind(name);
                    String text = Printer.text(r, value);
                    r.grow(text.length());
                    return of.apply(text);
                });
    }

    private static String title(String text) {
        return WORD.matcher(text)
                .replaceAll(
                        word -> Matcher.quoteReplacement(PythonStrings.capitalize(word.group())));
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&#34;")
                .replace("'", "&#39;");
    }

    private static Object trim(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("trim", "chars");
        String text = Printer.text(rendering, value);
        if (!given.has(0)) {
            return PythonStrings.strip(text, null);
        }
        rendering.lookUp(text, given.text(0));
        return PythonStrings.strip(text, given.text(0));
    }

    private static Object replace(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("replace", "old", "new", "count");
        return PythonStrings.replace(
                rendering,
                Printer.text(rendering, value),
                Printer.text(rendering, given.required(0)),
                Printer.text(rendering, given.required(1)),
                given.has(2) ? given.integer(2) : -1);
    }

    private static Object indent(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("indent", "width", "first", "blank");
        String by =
                given.get(0) instanceof String text
                        ? text
                        : new Buffer(rendering).repeat(" ", given.integer(0, 4)).toString();
        List<Object> lines = PythonStrings.lines(Printer.text(rendering, value) + "\n");
        Buffer out = new Buffer(rendering);
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            boolean indented = i == 0 ? given.truth(1) : given.truth(2) || !line.isEmpty();
            out.append(i == 0 ? "" : "\n").append(indented ? by : "").append(line);
        }
        return out.toString();
    }

    private static Object format(Rendering rendering, Object value, Arguments arguments) {
        return PercentFormat.format(
                rendering,
                Printer.text(rendering, value),
                arguments.named().isEmpty()
                        ? new Tuple(arguments.positional())
                        : arguments.named());
    }

    private static Object orDefault(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("default", "default_value", "boolean");
        boolean missing = value instanceof Undefined || given.truth(1) && !Values.truth(value);
        return missing ? given.get(0, "") : value;
    }

    private static Object toInteger(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("int", "default", "base");
        defined(value);
        if (value instanceof String text) {
            try {
                return parse(PythonStrings.strip(text, null), (int) given.integer(1, 10));
            } catch (NumberFormatException e) {
                return truncated(text, given);
            }
        }
        return Values.isNumber(value) ? (Object) Values.asLong(value) : given.get(0, 0L);
    }

    private static void defined(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
    }

    private static Object parse(String text, int base) {
        String digits = text.replaceAll("(?<=\\w)_(?=\\w)", "");
        String prefix = Map.of(2, "0b", 8, "0o", 16, "0x").getOrDefault(base, "");
        if (!prefix.isEmpty() && digits.toLowerCase(Locale.ROOT).startsWith(prefix)) {
            digits = digits.substring(prefix.length());
        }
        return Long.parseLong(digits, base);
    }

    private static Object truncated(String text, Arguments.Bound given) {
        Double number = number(text);
        return number != null && Double.isFinite(number)
                ? (Object) number.longValue()
                : given.get(0, 0L);
    }

    private static Object toFloat(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("float", "default");
        defined(value);
        Object number =
                value instanceof String text
                        ? number(text)
                        : Values.isNumber(value) ? (Object) Values.asDouble(value) : null;
        return number != null ? number : given.get(0, 0.0);
    }

    /** Java would read some texts more as numbers, and a few less. */
    private static @Nullable Double number(String text) {
        String trimmed = PythonStrings.strip(text, null).toLowerCase(Locale.ROOT);
        if (NUMBER.matcher(trimmed).matches()) {
            return Double.valueOf(trimmed.replace("_", ""));
        }
        return switch (trimmed) {
            case "nan" -> Double.NaN;
            case "inf", "infinity" -> Double.POSITIVE_INFINITY;
            case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
            default -> null;
        };
    }

    private static Object round(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("round", "precision", "method");
        if (Values.isInteger(value)) {
            return Values.asLong(value);
        } else if (!(value instanceof Double number)) {
            throw new TemplateException("cannot round a " + Values.typeName(value));
        } else {
            long digits = Math.max(-MOST_DIGITS, Math.min(MOST_DIGITS, given.integer(0, 0)));
            RoundingMode mode =
                    switch (given.text(1, "common")) {
                        case "common" -> RoundingMode.HALF_EVEN;
                        case "ceil" -> RoundingMode.CEILING;
                        case "floor" -> RoundingMode.FLOOR;
                        default ->
                                throw new TemplateException("method must be common, ceil or floor");
                    };
            return Double.isFinite(number)
                    ? (Object) new BigDecimal(number).setScale((int) digits, mode).doubleValue()
                    : number;
        }
    }

    /** Unlike the dot, this filter never looks into a dict. */
    private static Object attribute(Object value, String name) {
        Object found = value instanceof Undefined ? null : Methods.find(value, name);
        if (found != null) {
            return found;
        }
        return value instanceof Map
                ? new Undefined("'dict object' has no attribute '" + name + "'")
                : Attributes.attribute(value, name);
    }
}
