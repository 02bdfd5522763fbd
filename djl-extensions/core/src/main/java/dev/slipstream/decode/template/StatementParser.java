package dev.slipstream.decode.template;

import dev.slipstream.decode.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads a template's text and tags. */
final class StatementParser {
    private final Tokens tokens;
    private final ExpressionParser expressions;
    private int loops;

    private StatementParser(Tokens tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static Statement.Body parse(String template) {
        return new StatementParser(new Tokens(Lexer.tokens(template))).body();
    }

    /**
     * Reads until a tag with one of the names, of which it reads the begin and leaves the name;
     * without names, until the end.
     */
    private Statement.Body body(String... ends) {
        List<Statement> statements = new ArrayList<>();
        int begin = tokens.current().line();
        while (!tokens.at(Kind.END)) {
            Token token = tokens.next();
            switch (token.kind()) {
                case TEXT -> statements.add(new Statement.Text(token.text()));
                case PRINT_BEGIN -> {
                    Expression value = expressions.tuple(true);
                    tokens.expect(Kind.PRINT_END, "'}}'");
                    statements.add(new Statement.Print(token.line(), value));
                }
                default -> {
                    if (Set.of(ends).contains(tokens.current().text())) {
                        return new Statement.Body(List.copyOf(statements));
                    }
                    expressions.enter();
                    statements.add(tag());
                    expressions.leave();
                }
            }
        }
        if (ends.length > 0) {
            throw TemplateException.at(
                    begin,
                    "the template ends before '{% "
                            + String.join(" %}' or '{% ", ends)
                            + " %}' of the tag on this line");
        }
        return new Statement.Body(List.copyOf(statements));
    }

    /** Reads a body and the end of the tag that ends it. */
    private Statement.Body bodyTo(String end) {
        tokens.expect(Kind.TAG_END, "'%}'");
        Statement.Body body = body(end);
        tokens.next();
        tokens.expect(Kind.TAG_END, "'%}'");
        return body;
    }

    private Statement tag() {
        Token tag = tokens.expect(Kind.NAME, "a tag's name");
        int line = tag.line();
        return switch (tag.text()) {
            case "if" -> branches(line);
            case "for" -> loop(line);
            case "set" -> set(line);
            case "macro" -> macro(line);
            case "call" -> call(line);
            case "filter" -> new Statement.FilterBlock(line, filters(), bodyTo("endfilter"));
            case "with" -> with(line);
            // Marks what the assistant wrote, for training; renders as its body.
            case "generation" -> new Statement.Block(line, Map.of(), bodyTo("endgeneration"));
            case "break" -> jump(tag, Statement.Flow.BREAK);
            case "continue" -> jump(tag, Statement.Flow.CONTINUE);
            default ->
                    throw TemplateException.at(
                            line, "Encountered unknown tag '" + tag.text() + "'.");
        };
    }

    private Statement jump(Token tag, Statement.Flow flow) {
        if (loops == 0) {
            throw TemplateException.at(tag.line(), "'" + tag.text() + "' outside of a loop");
        }
        tokens.expect(Kind.TAG_END, "'%}'");
        return new Statement.Jump(flow);
    }

    private Statement branches(int firstLine) {
        List<Statement.Branch> branches = new ArrayList<>();
        Statement.Body otherwise = new Statement.Body(List.of());
        int line = firstLine;
        expressions.enterBranch();
        while (true) {
            Expression test = expressions.tuple(false);
            tokens.expect(Kind.TAG_END, "'%}'");
            Statement.Body body = body("elif", "else", "endif");
            branches.add(new Statement.Branch(line, test, body));
            Token end = tokens.next();
            line = end.line();
            if (end.text().equals("else")) {
                otherwise = bodyTo("endif");
                break;
            } else if (end.text().equals("endif")) {
                tokens.expect(Kind.TAG_END, "'%}'");
                break;
            }
        }
        expressions.leaveBranch();
        return new Statement.If(List.copyOf(branches), otherwise);
    }

    private Statement loop(int line) {
        Target target = targets("in");
        if (!tokens.skipName("in")) {
            throw tokens.unexpected("expected 'in'");
        }
        Expression items = expressions.tuple(false);
        Expression filter = tokens.skipName("if") ? expressions.expression() : null;
        if (tokens.atName("recursive")) {
            throw tokens.unexpected("recursive loops are not supported");
        }
        tokens.expect(Kind.TAG_END, "'%}'");
        loops++;
        Statement.Body body = body("else", "endfor");
        loops--;
        Statement.Body otherwise = new Statement.Body(List.of());
        if (tokens.next().text().equals("else")) {
            otherwise = bodyTo("endfor");
        } else {
            tokens.expect(Kind.TAG_END, "'%}'");
        }
        return new Statement.For(line, target, items, filter, body, otherwise);
    }

    private Target targets(String... ends) {
        List<Target> targets = new ArrayList<>(List.of(target()));
        boolean several = false;
        while (tokens.skipOperator(",")) {
            several = true;
            if (tokens.atOperator("=") || tokens.atOperator(")") || atAny(ends)) {
                break;
            }
            targets.add(target());
        }
        return several ? new Target.Unpacked(targets) : targets.get(0);
    }

    private boolean atAny(String... names) {
        for (String name : names) {
            if (tokens.atName(name)) {
                return true;
            }
        }
        return false;
    }

    private Target target() {
        if (tokens.skipOperator("(")) {
            expressions.enter();
            Target inner = targets();
            expressions.leave();
            tokens.expectOperator(")");
            return inner;
        }
        String name = tokens.expectName();
        return tokens.skipOperator(".")
                ? new Target.NamespaceAttribute(name, tokens.expectName())
                : new Target.Variable(name);
    }

    private Statement set(int line) {
        Target target = targets();
        if (tokens.skipOperator("=")) {
            Expression value = expressions.tuple(true);
            tokens.expect(Kind.TAG_END, "'%}'");
            return new Statement.Assign(line, target, value);
        }
        List<Expression.FilterCall> filters = tokens.skipOperator("|") ? filters() : List.of();
        return new Statement.Capture(line, target, filters, bodyTo("endset"));
    }

    private List<Expression.FilterCall> filters() {
        List<Expression.FilterCall> filters = new ArrayList<>();
        do {
            filters.add(expressions.filter());
        } while (tokens.skipOperator("|"));
        return filters;
    }

    private Statement with(int line) {
        Map<Target, Expression> variables = new LinkedHashMap<>();
        while (!tokens.at(Kind.TAG_END)) {
            if (!variables.isEmpty()) {
                tokens.expectOperator(",");
            }
            Target target = target();
            tokens.expectOperator("=");
            variables.put(target, expressions.expression());
        }
        return new Statement.Block(line, variables, bodyTo("endwith"));
    }

    private Statement macro(int line) {
        String name = tokens.expectName();
        List<Macro.Parameter> parameters = macroParameters();
        return new Statement.Define(line, macro(name, parameters, "endmacro"));
    }

    private List<Macro.Parameter> macroParameters() {
        List<Macro.Parameter> parameters = new ArrayList<>();
        tokens.expectOperator("(");
        while (!tokens.skipOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            String parameter = tokens.expectName();
            Expression otherwise = tokens.skipOperator("=") ? expressions.expression() : null;
            parameters.add(new Macro.Parameter(parameter, otherwise));
        }
        return List.copyOf(parameters);
    }

    private Macro macro(String name, List<Macro.Parameter> parameters, String end) {
        int outerLoops = loops;
        loops = 0;
        Set<String> outerNames = expressions.operands().collect(new HashSet<>());
        Statement.Body body = bodyTo(end);
        Set<String> uses = expressions.operands().collect(outerNames);
        outerNames.addAll(uses);
        loops = outerLoops;
        return new Macro(name, parameters, Set.copyOf(uses), body);
    }

    /**
     * The caller's parameters and the body stand around the call, so the call is read in between.
     */
    private Statement call(int line) {
        List<Macro.Parameter> parameters = tokens.atOperator("(") ? macroParameters() : List.of();
        if (!(expressions.expression() instanceof Expression.Call call)) {
            throw tokens.unexpected("expected a call before it");
        }
        return new Statement.CallBlock(line, call, macro("caller", parameters, "endcall"));
    }
}
