package dev.slipstream.decode.template;

import java.util.List;

/** A template's tokens and how far they were read. */
final class Tokens {
    private final List<Token> tokens;
    private int at;

    Tokens(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(at);
    }

    /** Returns the token after the current one. */
    Token ahead() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = current();
        if (token.kind() != Token.Kind.END) {
            at++;
        }
        return token;
    }

    boolean at(Token.Kind kind) {
        return current().kind() == kind;
    }

    boolean atOperator(String text) {
        return current().is(Token.Kind.OPERATOR, text);
    }

    boolean atName(String text) {
        return current().is(Token.Kind.NAME, text);
    }

    boolean skipOperator(String text) {
        return skip(atOperator(text));
    }

    boolean skipName(String text) {
        return skip(atName(text));
    }

    private boolean skip(boolean found) {
        if (found) {
            next();
        }
        return found;
    }

    Token expect(Token.Kind kind, String what) {
        if (!at(kind)) {
            throw unexpected("expected " + what);
        }
        return next();
    }

    void expectOperator(String text) {
        if (!skipOperator(text)) {
            throw unexpected("expected '" + text + "'");
        }
    }

    String expectName() {
        return expect(Token.Kind.NAME, "a name").text();
    }

    TemplateException unexpected(String hint) {
        return TemplateException.at(
                current().line(), "unexpected " + current().describe() + ", " + hint);
    }
}
