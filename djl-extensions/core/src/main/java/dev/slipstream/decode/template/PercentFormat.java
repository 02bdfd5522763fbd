package dev.slipstream.decode.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code format % values} with the conversions s, r, d, i, x and f. */
final class PercentFormat {
    private static final Pattern CONVERSION =
            Pattern.compile("%(?:\\((\\w+)\\))?([-+0 ]*)(\\d*)(?:\\.(\\d+))?(.)", Pattern.DOTALL);

    private static final int MOST_PADDING = 1000;

    private PercentFormat() {}

    static String format(Rendering rendering, String format, Object values) {
        List<?> positional = values instanceof Tuple tuple ? tuple : List.of(values);
        Buffer out = new Buffer(rendering);
        Matcher conversion = CONVERSION.matcher(format);
        int end = 0;
        int used = 0;
        while (conversion.find()) {
            out.append(format.substring(end, conversion.start()));
            end = conversion.end();
            if (conversion.group(5).equals("%")) {
                out.append('%');
            } else if (conversion.group(1) != null) {
                Object value =
                        values instanceof Map<?, ?> map ? map.get(conversion.group(1)) : null;
                if (value == null) {
                    throw new TemplateException(
                            "format has no value for '" + conversion.group(1) + "'");
                }
                convert(out, conversion, value);
            } else if (used == positional.size()) {
                throw new TemplateException("not enough arguments for format string");
            } else {
                convert(out, conversion, positional.get(used++));
            }
        }
        if (format.indexOf('%', end) >= 0) {
            throw new TemplateException("incomplete format");
        }
        boolean single = !(values instanceof Map) && !(values instanceof List);
        if (used < positional.size() && (single || values instanceof Tuple)) {
            throw new TemplateException("not all arguments converted during string formatting");
        }
        return out.append(format.substring(end)).toString();
    }

    private static void convert(Buffer out, Matcher conversion, Object value) {
        Rendering rendering = out.rendering();
        String flags = conversion.group(2);
        String precision = conversion.group(4);
        String type = conversion.group(5);
        String text;
        if (type.equals("s") || type.equals("r")) {
            text =
                    type.equals("s")
                            ? Printer.text(rendering, value)
                            : Printer.repr(rendering, value);
            if (precision != null) {
                text = PythonStrings.slice(text, 0, (int) count(precision), 1);
            }
            pad(out, text, flags.replace("0", ""), conversion.group(3));
            return;
        }
        if (!Values.isNumber(value)) {
            throw new TemplateException(
                    "%"
                            + type
                            + " format: a real number is required, not "
                            + Values.typeName(value));
        }
        text =
                switch (type) {
                    case "d", "i" -> Long.toString(Values.asLong(value));
                    case "x" -> Long.toString(Values.asLong(value), 16);
                    case "f" -> {
                        long digits = precision == null ? 6 : count(precision);
                        rendering.grow(digits);
                        yield new BigDecimal(Values.asDouble(value))
                                .setScale((int) digits, RoundingMode.HALF_EVEN)
                                .toPlainString();
                    }
                    default ->
                            throw new TemplateException(
                                    "unsupported format character '" + type + "'");
                };
        if (!text.startsWith("-")) {
            text = (flags.contains("+") ? "+" : flags.contains(" ") ? " " : "") + text;
        }
        pad(out, text, flags, conversion.group(3));
    }

    private static long count(String digits) {
        long count = digits.length() > 9 ? Long.MAX_VALUE : Long.parseLong(digits);
        if (count > MOST_PADDING) {
            throw new TemplateException("a format's width and precision end at " + MOST_PADDING);
        }
        return count;
    }

    private static void pad(Buffer out, String text, String flags, String width) {
        long missing = (width.isEmpty() ? 0 : count(width)) - Values.length(text);
        if (flags.contains("-")) {
            out.append(text).repeat(" ", missing);
        } else if (flags.contains("0")) {
            int sign = !text.isEmpty() && "+- ".indexOf(text.charAt(0)) >= 0 ? 1 : 0;
            out.append(text.substring(0, sign)).repeat("0", missing).append(text.substring(sign));
        } else {
            out.repeat(" ", missing).append(text);
        }
    }
}
