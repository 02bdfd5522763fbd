package dev.slipstream.decode.template;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** Python's {@code strftime} in the C locale; a dash drops the leading zeros, as glibc has it. */
final class Strftime {
    private static final Map<Character, String> PATTERNS =
            Map.ofEntries(
                    Map.entry('a', "EEE"),
                    Map.entry('A', "EEEE"),
                    Map.entry('b', "MMM"),
                    Map.entry('B', "MMMM"),
                    Map.entry('d', "dd"),
                    Map.entry('D', "MM/dd/yy"),
                    Map.entry('F', "yyyy-MM-dd"),
                    Map.entry('h', "MMM"),
                    Map.entry('H', "HH"),
                    Map.entry('I', "hh"),
                    Map.entry('j', "DDD"),
                    Map.entry('m', "MM"),
                    Map.entry('M', "mm"),
                    Map.entry('p', "a"),
                    Map.entry('R', "HH:mm"),
                    Map.entry('S', "ss"),
                    Map.entry('T', "HH:mm:ss"),
                    Map.entry('x', "MM/dd/yy"),
                    Map.entry('X', "HH:mm:ss"),
                    Map.entry('y', "yy"),
                    Map.entry('Y', "yyyy"));

    private Strftime() {}

    static String format(LocalDateTime time, String format) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            if (format.charAt(i) != '%') {
                out.append(format.charAt(i));
                continue;
            }
            boolean dropZeros = format.startsWith("-", i + 1);
            i += dropZeros ? 2 : 1;
            char directive = i < format.length() ? format.charAt(i) : '\0';
            String text = directive(time, directive);
            out.append(dropZeros ? text.replaceFirst("^0+(?=.)", "") : text);
        }
        return out.toString();
    }

    private static String directive(LocalDateTime time, char directive) {
        switch (directive) {
            case '%':
                return "%";
            case 'e':
                return String.format(Locale.ROOT, "%2d", time.getDayOfMonth());
            case 'f':
                return String.format(Locale.ROOT, "%06d", time.getNano() / 1000);
            case 'u':
                return Integer.toString(time.getDayOfWeek().getValue());
            case 'w':
                return Integer.toString(time.getDayOfWeek().getValue() % 7);
            case 'c':
                return format(time, "%a %b %e %H:%M:%S %Y");
            case 'z', 'Z':
                // The time is a naive one, without a zone.
                return "";
            default:
        }
        String pattern = PATTERNS.get(directive);
        if (pattern == null) {
            throw new TemplateException("strftime_now does not know '%" + directive + "'");
        }
        return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
    }
}
