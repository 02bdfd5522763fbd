package dev.slipstream.decode.template;

import dev.slipstream.decode.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads expressions; one method for each level of precedence, from loose to tight. */
final class ExpressionParser {
    /** Templates nest a few levels; the bound keeps the parser on its stack. */
    private static final int MOST_NESTED = 150;

    private static final Map<String, Operators.Binary> SUMS =
            Map.of("+", Operators::add, "-", Operators::subtract);
    private static final Map<String, Operators.Binary> PRODUCTS =
            Map.of(
                    "*", Operators::multiply,
                    "/", Operators::divide,
                    "//", Operators::floorDivide,
                    "%", Operators::remainder);
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Expression.Parameters NO_PARAMETERS =
            new Expression.Parameters(List.of(), Map.of(), null, null);

    private final Tokens tokens;
    private final OperandParser operands;
    private int nested;
    private int branches;

    ExpressionParser(Tokens tokens) {
        this.tokens = tokens;
        this.operands = new OperandParser(tokens, this);
    }

    OperandParser operands() {
        return operands;
    }

    /** In a branch, which may never run, an unknown filter is an error only when it is reached. */
    void enterBranch() {
        branches++;
    }

    void leaveBranch() {
        branches--;
    }

    void enter() {
        if (++nested > MOST_NESTED) {
            throw TemplateException.at(
                    tokens.current().line(), "nested more than " + MOST_NESTED + " deep");
        }
    }

    void leave() {
        nested--;
    }

    /** Reads one expression, or several with commas as a tuple. */
    Expression tuple(boolean conditionals) {
        Expression first = conditionals ? expression() : or();
        if (!tokens.atOperator(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",")) {
            if (tokens.at(Kind.TAG_END) || tokens.at(Kind.PRINT_END) || tokens.atOperator(")")) {
                break;
            }
            items.add(conditionals ? expression() : or());
        }
        return new Expression.TupleOf(new Expression.Items(items));
    }

    Expression expression() {
        enter();
        Expression result = or();
        while (tokens.skipName("if")) {
            Expression test = or();
            Expression otherwise = tokens.skipName("else") ? expression() : null;
            result = new Expression.Conditional(test, result, otherwise);
        }
        leave();
        return result;
    }

    private Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.skipName("not")) {
            return comparison();
        }
        enter();
        Expression result = new Expression.Not(not());
        leave();
        return result;
    }

    private Expression comparison() {
        Expression first = sum();
        List<Expression.Compared> rest = new ArrayList<>();
        while (true) {
            String operator;
            if (tokens.at(Kind.OPERATOR) && COMPARISONS.contains(tokens.current().text())) {
                operator = tokens.next().text();
            } else if (tokens.skipName("in")) {
                operator = "in";
            } else if (tokens.atName("not") && tokens.ahead().is(Kind.NAME, "in")) {
                tokens.next();
                tokens.next();
                operator = "not in";
            } else {
                return rest.isEmpty() ? first : new Expression.Comparison(first, rest);
            }
            rest.add(new Expression.Compared(operator, sum()));
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        for (Operators.Binary operator = operator(SUMS);
                operator != null;
                operator = operator(SUMS)) {
            left = new Expression.Arithmetic(operator, left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        List<Expression> parts = new ArrayList<>(List.of(product()));
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return parts.size() == 1 ? parts.get(0) : new Expression.Concatenation(parts);
    }

    private Expression product() {
        Expression left = power();
        for (Operators.Binary operator = operator(PRODUCTS);
                operator != null;
                operator = operator(PRODUCTS)) {
            left = new Expression.Arithmetic(operator, left, power());
        }
        return left;
    }

    private Operators.@Nullable Binary operator(Map<String, Operators.Binary> level) {
        Operators.Binary operator =
                tokens.at(Kind.OPERATOR) ? level.get(tokens.current().text()) : null;
        if (operator != null) {
            tokens.next();
        }
        return operator;
    }

    private Expression power() {
        Expression left = unary(true);
        while (tokens.skipOperator("**")) {
            left = new Expression.Arithmetic(Operators::power, left, unary(true));
        }
        return left;
    }

    private Expression unary(boolean filters) {
        enter();
        Expression result;
        if (tokens.skipOperator("-")) {
            result = new Expression.Negative(unary(false));
        } else if (tokens.skipOperator("+")) {
            result = new Expression.Positive(unary(false));
        } else {
            result = operands.primary();
        }
        result = operands.postfix(result);
        leave();
        return filters ? filtered(result) : result;
    }

    private Expression filtered(Expression target) {
        Expression result = target;
        while (true) {
            if (tokens.skipOperator("|")) {
                result = new Expression.Filtered(result, filter());
            } else if (tokens.skipName("is")) {
                result = test(result);
            } else if (tokens.atOperator("(")) {
                result = new Expression.Call(result, operands.parameters());
            } else {
                return result;
            }
        }
    }

    /** Reads a filter's name and arguments; the bar before it was read. */
    Expression.FilterCall filter() {
        Token token = tokens.current();
        String name = tokens.expectName();
        if (Filters.find(name) == null && branches == 0) {
            throw Filters.unknown(name).placed(token.line());
        }
        return new Expression.FilterCall(
                name, tokens.atOperator("(") ? operands.parameters() : NO_PARAMETERS);
    }

    private Expression test(Expression target) {
        boolean negated = tokens.skipName("not");
        Token token = tokens.current();
        String name = tokens.expectName();
        if (Tests.find(name) == null && branches == 0) {
            throw Tests.unknown(name).placed(token.line());
        }
        Expression.Parameters parameters = NO_PARAMETERS;
        if (tokens.atOperator("(")) {
            parameters = operands.parameters();
        } else if (startsOperand()) {
            if (tokens.atName("is")) {
                throw tokens.unexpected("tests cannot be chained");
            }
            Expression operand = operands.postfix(operands.primary());
            parameters = new Expression.Parameters(List.of(operand), Map.of(), null, null);
        }
        Expression result = new Expression.Tested(target, name, parameters);
        return negated ? new Expression.Not(result) : result;
    }

    private boolean startsOperand() {
        return switch (tokens.current().kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !Set.of("else", "or", "and", "if").contains(tokens.current().text());
            default -> tokens.atOperator("[") || tokens.atOperator("{");
        };
    }
}
