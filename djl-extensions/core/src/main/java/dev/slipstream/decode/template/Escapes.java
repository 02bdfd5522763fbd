package dev.slipstream.decode.template;

/** Escape sequences of Python's string literals. */
final class Escapes {
    private static final String NAMES = "\\'\"abfnrtv";
    private static final String VALUES = "\\'\"\u0007\b\f\n\r\t\u000b";

    private Escapes() {}

    /** Unknown sequences stay as they are, as in Python. */
    static String decode(String literal, int line) {
        if (literal.indexOf('\\') < 0) {
            return literal;
        }
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < literal.length()) {
            char c = literal.charAt(i++);
            if (c != '\\' || i == literal.length()) {
                out.append(c);
                continue;
            }
            char name = literal.charAt(i++);
            int known = NAMES.indexOf(name);
            if (known >= 0) {
                out.append(VALUES.charAt(known));
            } else if (name == 'x' || name == 'u' || name == 'U') {
                int digits = name == 'x' ? 2 : name == 'u' ? 4 : 8;
                out.appendCodePoint(hex(literal, i, digits, line));
                i += digits;
            } else if (name >= '0' && name <= '7') {
                int end = i;
                while (end < literal.length()
                        && end < i + 2
                        && literal.charAt(end) >= '0'
                        && literal.charAt(end) <= '7') {
                    end++;
                }
                out.append((char) Integer.parseInt(literal.substring(i - 1, end), 8));
                i = end;
            } else if (name != '\n') {
                out.append('\\').append(name);
            }
        }
        return out.toString();
    }

    private static int hex(String literal, int start, int digits, int line) {
        String text = literal.substring(start, Math.min(literal.length(), start + digits));
        if (!text.matches("[0-9a-fA-F]{" + digits + "}")
                || !Character.isValidCodePoint((int) Long.parseLong(text, 16))) {
            throw TemplateException.at(line, "a string has a broken escape sequence: \\" + text);
        }
        return (int) Long.parseLong(text, 16);
    }
}
