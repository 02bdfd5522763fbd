package dev.slipstream.decode.template;

import dev.slipstream.decode.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads what operators stand between: literals and names, and what directly follows them. */
final class OperandParser {
    private final Tokens tokens;
    private final ExpressionParser expressions;
    private Set<String> names = new HashSet<>();

    OperandParser(Tokens tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    /** Returns the names that were read since the last call, and collects anew into the given. */
    Set<String> collect(Set<String> into) {
        Set<String> collected = names;
        names = into;
        return collected;
    }

    Expression primary() {
        Token token = tokens.current();
        switch (token.kind()) {
            case NAME:
                return name(tokens.next().text());
            case STRING:
                StringBuilder text = new StringBuilder();
                while (tokens.at(Kind.STRING)) {
                    text.append(tokens.next().text());
                }
                return new Expression.Constant(text.toString());
            case INTEGER:
                return new Expression.Constant(integer(tokens.next()));
            case FLOAT:
                return new Expression.Constant(
                        Double.valueOf(tokens.next().text().replace("_", "")));
            default:
        }
        if (tokens.skipOperator("(")) {
            return parenthesised();
        } else if (tokens.skipOperator("[")) {
            return new Expression.Items(items("]"));
        } else if (tokens.skipOperator("{")) {
            return dict();
        }
        throw tokens.unexpected("expected an expression");
    }

    private Expression name(String name) {
        return switch (name) {
            case "true", "True" -> new Expression.Constant(true);
            case "false", "False" -> new Expression.Constant(false);
            case "none", "None" -> new Expression.Constant(None.NONE);
            default -> {
                names.add(name);
                yield new Expression.Name(name);
            }
        };
    }

    private static Object integer(Token token) {
        String digits = token.text().replace("_", "");
        int radix =
                switch (digits.length() > 1 ? digits.charAt(1) : ' ') {
                    case 'b', 'B' -> 2;
                    case 'o', 'O' -> 8;
                    case 'x', 'X' -> 16;
                    default -> 10;
                };
        try {
            return Long.valueOf(radix == 10 ? digits : digits.substring(2), radix);
        } catch (NumberFormatException e) {
            throw TemplateException.at(token.line(), digits + " does not fit 64 bits");
        }
    }

    private Expression parenthesised() {
        if (tokens.skipOperator(")")) {
            return new Expression.TupleOf(new Expression.Items(List.of()));
        }
        Expression result = expressions.tuple(true);
        tokens.expectOperator(")");
        return result;
    }

    private List<Expression> items(String close) {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skipOperator(close)) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(close)) {
                    break;
                }
            }
            items.add(expressions.expression());
        }
        return items;
    }

    private Expression dict() {
        List<Expression.Pair> pairs = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            if (!pairs.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator("}")) {
                    break;
                }
            }
            Expression key = expressions.expression();
            tokens.expectOperator(":");
            pairs.add(new Expression.Pair(key, expressions.expression()));
        }
        return new Expression.DictOf(pairs);
    }

    Expression postfix(Expression target) {
        Expression result = target;
        while (true) {
            if (tokens.skipOperator(".")) {
                result =
                        tokens.at(Kind.INTEGER)
                                ? new Expression.Item(
                                        result, new Expression.Constant(integer(tokens.next())))
                                : new Expression.Attribute(result, tokens.expectName());
            } else if (tokens.skipOperator("[")) {
                result = subscript(result);
            } else if (tokens.atOperator("(")) {
                result = new Expression.Call(result, parameters());
            } else {
                return result;
            }
        }
    }

    private Expression subscript(Expression target) {
        Expression none = new Expression.Constant(None.NONE);
        Expression start = tokens.atOperator(":") ? none : expressions.tuple(true);
        if (tokens.skipOperator("]")) {
            return new Expression.Item(target, start);
        }
        tokens.expectOperator(":");
        boolean open = tokens.atOperator(":") || tokens.atOperator("]");
        Expression stop = open ? none : expressions.expression();
        Expression step = none;
        if (tokens.skipOperator(":") && !tokens.atOperator("]")) {
            step = expressions.expression();
        }
        tokens.expectOperator("]");
        return new Expression.Slice(target, start, stop, step);
    }

    /** Reads a call's arguments with their parentheses. */
    Expression.Parameters parameters() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        Expression more = null;
        Expression moreNamed = null;
        tokens.expectOperator("(");
        boolean first = true;
        while (!tokens.skipOperator(")")) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(")")) {
                    break;
                }
            }
            first = false;
            if (tokens.skipOperator("*") && more == null) {
                more = expressions.expression();
            } else if (tokens.skipOperator("**") && moreNamed == null) {
                moreNamed = expressions.expression();
            } else if (tokens.at(Kind.NAME) && tokens.ahead().is(Kind.OPERATOR, "=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expressions.expression());
            } else if (named.isEmpty() && more == null && moreNamed == null) {
                positional.add(expressions.expression());
            } else {
                throw tokens.unexpected("a positional argument cannot follow a named one");
            }
        }
        return new Expression.Parameters(positional, named, more, moreNamed);
    }
}
