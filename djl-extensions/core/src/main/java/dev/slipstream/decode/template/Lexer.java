package dev.slipstream.decode.template;

import dev.slipstream.decode.template.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens and removes the white space that Jinja removes with {@code
 * trim_blocks} and {@code lstrip_blocks}: the first line end after a tag, and the spaces of a line
 * before one.
 */
final class Lexer {
    private static final Pattern RAW =
            Pattern.compile(
                    "\\{%([-+]?)\\s*raw\\s*(?:-%}\\s*|%})", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern END_RAW =
            Pattern.compile(
                    "\\{%([-+]?)\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)",
                    Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern FLOAT =
            Pattern.compile(
                    "\\d+(?:_\\d+)*(?:(?:\\.\\d+(?:_\\d+)*)?[eE][+-]?\\d+(?:_\\d+)*|\\.\\d+(?:_\\d+)*)");
    private static final Pattern INTEGER =
            Pattern.compile(
                    "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\\d)*|0(?:_?0)*");
    private static final Pattern NAME = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern OPERATOR =
            Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}><=.:|,;]");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private int countedTo;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        if (source.endsWith("\n")) {
            source = source.substring(0, source.length() - 1);
        }
        return new Lexer(source).read();
    }

    private List<Token> read() {
        while (at < source.length()) {
            int start = nextDelimiter();
            if (start < 0) {
                text(source.substring(at), at);
                at = source.length();
                break;
            }
            char kind = source.charAt(start + 1);
            boolean signed =
                    start + 2 < source.length() && "+-".indexOf(source.charAt(start + 2)) >= 0;
            String sign = signed ? source.substring(start + 2, start + 3) : "";
            text(before(source.substring(at, start), sign, kind != '{'), at);
            at = start;
            Matcher raw = at(RAW);
            if (kind == '%' && raw.lookingAt()) {
                raw(raw);
            } else if (kind == '#') {
                comment(start + 2 + sign.length());
            } else {
                add(kind == '{' ? Kind.PRINT_BEGIN : Kind.TAG_BEGIN, "", start);
                at = start + 2 + sign.length();
                inside(kind);
            }
        }
        add(Kind.END, "", source.length());
        return tokens;
    }

    private int nextDelimiter() {
        for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
            if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    /** Returns the text before a tag without the white space that the tag removes. */
    private String before(String text, String sign, boolean block) {
        if (sign.equals("-")) {
            return PythonStrings.stripRight(text, null);
        }
        if (block && sign.isEmpty()) {
            int lineStart = text.lastIndexOf('\n') + 1;
            boolean lineStarts = lineStart > 0 || at == 0 || source.charAt(at - 1) == '\n';
            if (lineStarts && PythonStrings.strip(text.substring(lineStart), null).isEmpty()) {
                return text.substring(0, lineStart);
            }
        }
        return text;
    }

    private void text(String text, int start) {
        if (!text.isEmpty()) {
            add(Kind.TEXT, text, start);
        }
    }

    private void raw(Matcher begin) {
        int start = begin.start();
        at = begin.end();
        Matcher end = END_RAW.matcher(source);
        if (!end.find(at)) {
            throw TemplateException.at(lineOf(start), "Missing end of raw directive");
        }
        text(before(source.substring(at, end.start()), end.group(1), true), at);
        at = end.end();
    }

    private void comment(int from) {
        int end = source.indexOf("#}", from);
        if (end < 0) {
            throw TemplateException.at(lineOf(at), "Missing end of comment tag");
        }
        char sign = end > from ? source.charAt(end - 1) : ' ';
        at = end + 2;
        after(sign, true);
    }

    /** Removes what the end of a tag removes after it. */
    private void after(char sign, boolean block) {
        if (sign == '-') {
            while (at < source.length() && PythonStrings.isSpace(source.charAt(at))) {
                at++;
            }
        } else if (block && sign != '+' && source.startsWith("\n", at)) {
            at++;
        }
    }

    private void inside(char kind) {
        String close = kind == '{' ? "}}" : "%}";
        Kind endKind = kind == '{' ? Kind.PRINT_END : Kind.TAG_END;
        Deque<Character> open = new ArrayDeque<>();
        while (at < source.length()) {
            char c = source.charAt(at);
            boolean signed = c == '-' || c == '+' && kind == '%';
            if (open.isEmpty() && source.startsWith(close, at + (signed ? 1 : 0))) {
                add(endKind, "", at);
                at += close.length() + (signed ? 1 : 0);
                after(signed ? c : ' ', kind == '%');
                return;
            }
            if (PythonStrings.isSpace(c)) {
                at++;
            } else if (c == '\'' || c == '"') {
                string(c);
            } else {
                word(open);
            }
        }
        add(Kind.END, "", source.length());
    }

    private void word(Deque<Character> open) {
        boolean afterDot = at > 0 && source.charAt(at - 1) == '.';
        if (!afterDot && take(FLOAT, Kind.FLOAT)
                || take(INTEGER, Kind.INTEGER)
                || take(NAME, Kind.NAME)) {
            return;
        }
        int start = at;
        if (!take(OPERATOR, Kind.OPERATOR)) {
            throw TemplateException.at(
                    lineOf(start), "unexpected character '" + source.charAt(start) + "'");
        }
        char c = source.charAt(start);
        if ("([{".indexOf(c) >= 0) {
            open.push(c);
        } else if (")]}".indexOf(c) >= 0
                && (open.isEmpty() || "([{".indexOf(open.pop()) != ")]}".indexOf(c))) {
            throw TemplateException.at(lineOf(start), "unexpected '" + c + "'");
        }
    }

    private Matcher at(Pattern pattern) {
        return pattern.matcher(source).region(at, source.length()).useTransparentBounds(true);
    }

    private boolean take(Pattern pattern, Kind kind) {
        Matcher matcher = at(pattern);
        if (!matcher.lookingAt()) {
            return false;
        }
        add(kind, matcher.group(), at);
        at = matcher.end();
        return true;
    }

    private void string(char quote) {
        int end = at + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw TemplateException.at(lineOf(at), "a string is not closed");
        }
        add(Kind.STRING, Escapes.decode(source.substring(at + 1, end), lineOf(at)), at);
        at = end + 1;
    }

    private void add(Kind kind, String text, int start) {
        tokens.add(new Token(kind, text, lineOf(start)));
    }

    /** Counts on from the last place that was asked for; places only go forward. */
    private int lineOf(int place) {
        for (; countedTo < place; countedTo++) {
            if (source.charAt(countedTo) == '\n') {
                line++;
            }
        }
        return line;
    }
}
