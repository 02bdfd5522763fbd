package dev.slipstream.decode.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed piece of a template that prints or does something. */
sealed interface Statement {
    /** Where a loop goes after a statement. */
    enum Flow {
        NEXT,
        CONTINUE,
        BREAK
    }

    Flow render(Scope scope, Buffer out);

    /** Statements in a row. */
    record Body(List<Statement> statements) {
        Flow render(Scope scope, Buffer out) {
            for (Statement statement : statements) {
                Flow flow = statement.render(scope, out);
                if (flow != Flow.NEXT) {
                    return flow;
                }
            }
            return Flow.NEXT;
        }

        String capture(Scope scope) {
            Buffer out = new Buffer(scope.rendering());
            render(scope, out);
            return out.toString();
        }
    }

    /** Text outside of tags. */
    record Text(String text) implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            out.append(text);
            return Flow.NEXT;
        }
    }

    /** {@code {{ value }}}. */
    record Print(int line, Expression value) implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            scope.rendering().statement(line);
            out.append(Printer.text(scope.rendering(), value.evaluate(scope)));
            return Flow.NEXT;
        }
    }

    /** One branch of an if. */
    record Branch(int line, Expression test, Body body) {}

    /** {@code if, elif, else}. */
    record If(List<Branch> branches, Body otherwise) implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            for (Branch branch : branches) {
                scope.rendering().statement(branch.line);
                if (Values.truth(branch.test.evaluate(scope))) {
                    return branch.body.render(scope, out);
                }
            }
            return otherwise.render(scope, out);
        }
    }

    /** {@code for target in items if filter}. */
    record For(
            int line,
            Target target,
            Expression items,
            @Nullable Expression filter,
            Body body,
            Body otherwise)
            implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            scope.rendering().statement(line);
            List<Object> all = Values.iterate(scope.rendering(), items.evaluate(scope));
            List<Object> taken = filter == null ? all : filtered(scope, all, filter);
            Loop loop = new Loop(taken);
            for (Object item : taken) {
                scope.rendering().statement(line);
                loop.advance();
                Scope inner = scope.inner();
                inner.set("loop", loop);
                target.assign(inner, item);
                if (body.render(inner, out) == Flow.BREAK) {
                    break;
                }
            }
            return taken.isEmpty() ? otherwise.render(scope.inner(), out) : Flow.NEXT;
        }

        private List<Object> filtered(Scope scope, List<Object> all, Expression wanted) {
            List<Object> taken = new ArrayList<>();
            for (Object item : all) {
                scope.rendering().statement(line);
                Scope inner = scope.inner();
                target.assign(inner, item);
                if (Values.truth(wanted.evaluate(inner))) {
                    taken.add(item);
                }
            }
            return taken;
        }
    }

    /** {@code break} or {@code continue}. */
    record Jump(Flow flow) implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            return flow;
        }
    }

    /** {@code set target = value}. */
    record Assign(int line, Target target, Expression value) implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            scope.rendering().statement(line);
            target.assign(scope, value.evaluate(scope));
            return Flow.NEXT;
        }
    }

    /** {@code set target | filters} with a body. */
    record Capture(int line, Target target, List<Expression.FilterCall> filters, Body body)
            implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            scope.rendering().statement(line);
            target.assign(scope, filtered(scope, filters, body.capture(scope.inner())));
            return Flow.NEXT;
        }

        static Object filtered(Scope scope, List<Expression.FilterCall> filters, Object value) {
            Object result = value;
            for (Expression.FilterCall filter : filters) {
                result = filter.apply(scope, result);
            }
            return result;
        }
    }

    /** {@code filter name} with a body. */
    record FilterBlock(int line, List<Expression.FilterCall> filters, Body body)
            implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            scope.rendering().statement(line);
            Object text = Capture.filtered(scope, filters, body.capture(scope.inner()));
            out.append(Printer.text(scope.rendering(), text));
            return Flow.NEXT;
        }
    }

    /** A body with variables of its own: {@code with}, {@code generation}. */
    record Block(int line, Map<Target, Expression> variables, Body body) implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            scope.rendering().statement(line);
            Scope inner = scope.inner();
            variables.forEach((target, value) -> target.assign(inner, value.evaluate(scope)));
            return body.render(inner, out);
        }
    }

    /** {@code macro name(parameters)}. */
    record Define(int line, Macro macro) implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            scope.rendering().statement(line);
            scope.set(macro.name(), macro.in(scope));
            return Flow.NEXT;
        }
    }

    /** {@code call macro(arguments)} with a body, which the macro gets as {@code caller}. */
    record CallBlock(int line, Expression.Call call, Macro caller) implements Statement {
        @Override
        public Flow render(Scope scope, Buffer out) {
            scope.rendering().statement(line);
            Arguments arguments = call.arguments().evaluate(scope).with("caller", caller.in(scope));
            out.append(Printer.text(scope.rendering(), call.call(scope, arguments)));
            return Flow.NEXT;
        }
    }
}
