package dev.slipstream.decode.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** What Python's {@code str} does, on code points where it counts characters. */
final class PythonStrings {
    private PythonStrings() {}

    /** Tells whether {@code str.isspace} holds: Unicode's white space and the ASCII separators. */
    static boolean isSpace(int c) {
        return c >= 0x09 && c <= 0x0d
                || c >= 0x1c && c <= 0x20
                || c == 0x85
                || c == 0xa0
                || c > 0xff && Character.isSpaceChar(c);
    }

    static String strip(String text, @Nullable String characters) {
        return stripRight(stripLeft(text, characters), characters);
    }

    static String stripLeft(String text, @Nullable String characters) {
        int start = 0;
        while (start < text.length() && strippable(text.codePointAt(start), characters)) {
            start += Character.charCount(text.codePointAt(start));
        }
        return text.substring(start);
    }

    static String stripRight(String text, @Nullable String characters) {
        int end = text.length();
        while (end > 0 && strippable(text.codePointBefore(end), characters)) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(0, end);
    }

    private static boolean strippable(int c, @Nullable String characters) {
        return characters == null ? isSpace(c) : characters.indexOf(c) >= 0;
    }

    /** Splits at runs of white space. */
    static List<Object> splitSpaces(String text, long limit) {
        List<Object> parts = new ArrayList<>();
        int start = skip(text, 0, true);
        while (start < text.length()) {
            if (limit >= 0 && parts.size() == limit) {
                parts.add(stripRight(text.substring(start), null));
                return parts;
            }
            int end = skip(text, start, false);
            parts.add(text.substring(start, end));
            start = skip(text, end, true);
        }
        return parts;
    }

    private static int skip(String text, int from, boolean spaces) {
        int at = from;
        while (at < text.length() && isSpace(text.charAt(at)) == spaces) {
            at++;
        }
        return at;
    }

    static List<Object> split(String text, String separator, long limit) {
        nonEmpty(separator);
        List<Object> parts = new ArrayList<>();
        int start = 0;
        while (limit < 0 || parts.size() < limit) {
            int end = text.indexOf(separator, start);
            if (end < 0) {
                break;
            }
            parts.add(text.substring(start, end));
            start = end + separator.length();
        }
        parts.add(text.substring(start));
        return parts;
    }

    static List<Object> splitFromRight(String text, String separator, long limit) {
        nonEmpty(separator);
        List<Object> parts = new ArrayList<>();
        int end = text.length();
        while (limit < 0 || parts.size() < limit) {
            int start =
                    end < separator.length()
                            ? -1
                            : text.lastIndexOf(separator, end - separator.length());
            if (start < 0) {
                break;
            }
            parts.add(text.substring(start + separator.length(), end));
            end = start;
        }
        parts.add(text.substring(0, end));
        Collections.reverse(parts);
        return parts;
    }

    private static void nonEmpty(String separator) {
        if (separator.isEmpty()) {
            throw new TemplateException("empty separator");
        }
    }

    static List<Object> lines(String text) {
        List<Object> lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x0a && c <= 0x0d
                    || c >= 0x1c && c <= 0x1e
                    || c == 0x85
                    || c == 0x2028
                    || c == 0x2029) {
                lines.add(text.substring(start, i));
                if (c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                    i++;
                }
                start = i + 1;
            }
        }
        if (start < text.length()) {
            lines.add(text.substring(start));
        }
        return lines;
    }

    static String replace(Rendering rendering, String text, String old, String with, long limit) {
        rendering.search(text, old);
        Buffer out = new Buffer(rendering);
        if (old.isEmpty()) {
            return between(out, text, with, limit);
        }
        int start = 0;
        int found = text.indexOf(old);
        for (long count = 0; found >= 0 && (limit < 0 || count < limit); count++) {
            out.append(text.substring(start, found)).append(with);
            start = found + old.length();
            found = text.indexOf(old, start);
        }
        return out.append(text.substring(start)).toString();
    }

    /** Python finds the empty text before each character and at the end. */
    private static String between(Buffer out, String text, String with, long limit) {
        long count = 0;
        int start = 0;
        while (limit < 0 || count < limit) {
            out.append(with);
            count++;
            if (start == text.length()) {
                return out.toString();
            }
            int next = text.offsetByCodePoints(start, 1);
            out.append(text.substring(start, next));
            start = next;
        }
        return out.append(text.substring(start)).toString();
    }

    /** {@code str.title}: a cased letter is upper case unless it follows another one. */
    static String title(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inWord = isCased(c);
        }
        return out.toString();
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = Character.charCount(text.codePointAt(0));
        return text.substring(0, first).toUpperCase(Locale.ROOT)
                + text.substring(first).toLowerCase(Locale.ROOT);
    }

    static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    /** Tells whether there is a cased letter, and none of the other case. */
    static boolean isAllOf(String text, IntPredicate wanted) {
        return text.codePoints().anyMatch(wanted)
                && text.codePoints().noneMatch(c -> isCased(c) && !wanted.test(c));
    }

    static boolean isMadeOf(String text, IntPredicate wanted) {
        return !text.isEmpty() && text.codePoints().allMatch(wanted);
    }

    static String reverse(String text) {
        // StringBuilder keeps surrogate pairs together.
        return new StringBuilder(text).reverse().toString();
    }

    /** Returns a slice whose bounds are already inside the text. */
    static String slice(String text, int start, int stop, int step) {
        int[] codePoints = text.codePoints().toArray();
        StringBuilder out = new StringBuilder();
        int end = Math.min(stop, codePoints.length);
        for (int i = start; step > 0 ? i < end : i > end; i += step) {
            out.appendCodePoint(codePoints[i]);
        }
        return out.toString();
    }
}
