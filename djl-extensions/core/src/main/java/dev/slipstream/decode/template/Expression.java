package dev.slipstream.decode.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed expression. */
sealed interface Expression {
    Object evaluate(Scope scope);

    /** A literal. */
    record Constant(Object value) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return value;
        }
    }

    /** A variable or function. */
    record Name(String name) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return scope.get(name);
        }
    }

    /** {@code [a, b]}. */
    record Items(List<Expression> items) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            scope.rendering().growItems(items.size());
            List<Object> values = new ArrayList<>(items.size());
            for (Expression item : items) {
                values.add(item.evaluate(scope));
            }
            return values;
        }
    }

    /** {@code (a, b)}. */
    record TupleOf(Items items) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return new Tuple(Values.items((List<?>) items.evaluate(scope)));
        }
    }

    /** A key and its value. */
    record Pair(Expression key, Expression value) {}

    /** {@code {a: b}}. */
    record DictOf(List<Pair> pairs) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            scope.rendering().growItems(pairs.size());
            Map<Object, Object> dict = new LinkedHashMap<>();
            for (Pair pair : pairs) {
                dict.put(Values.key(pair.key.evaluate(scope)), pair.value.evaluate(scope));
            }
            return dict;
        }
    }

    /** {@code then if test else otherwise}. */
    record Conditional(Expression test, Expression then, @Nullable Expression otherwise)
            implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            if (Values.truth(test.evaluate(scope))) {
                return then.evaluate(scope);
            }
            return otherwise != null
                    ? otherwise.evaluate(scope)
                    : new Undefined("the inline if-expression was false and has no else");
        }
    }

    /** {@code not a}. */
    record Not(Expression operand) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return !Values.truth(operand.evaluate(scope));
        }
    }

    /** {@code a and b}: the first false value, or the last. */
    record And(Expression left, Expression right) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            Object value = left.evaluate(scope);
            return Values.truth(value) ? right.evaluate(scope) : value;
        }
    }

    /** {@code a or b}: the first true value, or the last. */
    record Or(Expression left, Expression right) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            Object value = left.evaluate(scope);
            return Values.truth(value) ? value : right.evaluate(scope);
        }
    }

    /** {@code -a}. */
    record Negative(Expression operand) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return Operators.negate(operand.evaluate(scope));
        }
    }

    /** {@code +a}. */
    record Positive(Expression operand) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return Operators.plus(operand.evaluate(scope));
        }
    }

    /** Arithmetic. */
    record Arithmetic(Operators.Binary operator, Expression left, Expression right)
            implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return operator.apply(scope.rendering(), left.evaluate(scope), right.evaluate(scope));
        }
    }

    /** One comparison in a chain. */
    record Compared(String operator, Expression right) {
        boolean holds(Rendering rendering, Object a, Object b) {
            return switch (operator) {
                case "==" -> Values.equal(rendering, a, b);
                case "!=" -> !Values.equal(rendering, a, b);
                case "in" -> Values.contains(rendering, b, a);
                case "not in" -> !Values.contains(rendering, b, a);
                case "<" -> Values.compare(rendering, operator, a, b) < 0;
                case "<=" -> Values.compare(rendering, operator, a, b) <= 0;
                case ">" -> Values.compare(rendering, operator, a, b) > 0;
                default -> Values.compare(rendering, operator, a, b) >= 0;
            };
        }
    }

    /** {@code a < b == c}: true if each neighbouring pair is. */
    record Comparison(Expression first, List<Compared> rest) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            Object left = first.evaluate(scope);
            for (Compared compared : rest) {
                Object right = compared.right.evaluate(scope);
                if (!compared.holds(scope.rendering(), left, right)) {
                    return false;
                }
                left = right;
            }
            return true;
        }
    }

    /** {@code a ~ b ~ c}: the texts, joined. */
    record Concatenation(List<Expression> parts) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            Buffer out = new Buffer(scope.rendering());
            for (Expression part : parts) {
                out.append(Printer.text(scope.rendering(), part.evaluate(scope)));
            }
            return out.toString();
        }
    }

    /** {@code a.name}. */
    record Attribute(Expression target, String name) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return Attributes.attribute(target.evaluate(scope), name);
        }
    }

    /** {@code a[key]}. */
    record Item(Expression target, Expression key) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return Attributes.item(scope.rendering(), target.evaluate(scope), key.evaluate(scope));
        }
    }

    /** {@code a[start:stop:step]}. */
    record Slice(Expression target, Expression start, Expression stop, Expression step)
            implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return Attributes.slice(
                    scope.rendering(),
                    target.evaluate(scope),
                    start.evaluate(scope),
                    stop.evaluate(scope),
                    step.evaluate(scope));
        }
    }

    /** {@code a(arguments)}. */
    record Call(Expression target, Parameters arguments) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return call(scope, arguments.evaluate(scope));
        }

        Object call(Scope scope, Arguments given) {
            scope.rendering().step();
            Object callee = target.evaluate(scope);
            if (callee instanceof Callable callable) {
                return callable.call(scope.rendering(), given);
            } else if (callee instanceof Undefined undefined) {
                throw undefined.error();
            }
            throw new TemplateException("'" + Values.typeName(callee) + "' object is not callable");
        }
    }

    /** What is written between the parentheses of a call. */
    record Parameters(
            List<Expression> positional,
            Map<String, Expression> named,
            @Nullable Expression more,
            @Nullable Expression moreNamed) {
        Arguments evaluate(Scope scope) {
            List<Object> values = new ArrayList<>(positional.size());
            for (Expression argument : positional) {
                values.add(argument.evaluate(scope));
            }
            if (more != null) {
                List<Object> items = Values.iterate(scope.rendering(), more.evaluate(scope));
                scope.rendering().growItems(items.size());
                values.addAll(items);
            }
            Map<String, Object> byName = new LinkedHashMap<>();
            named.forEach((name, argument) -> byName.put(name, argument.evaluate(scope)));
            if (moreNamed != null) {
                if (!(moreNamed.evaluate(scope) instanceof Map<?, ?> map)) {
                    throw new TemplateException("argument after ** must be a mapping");
                }
                map.forEach((name, value) -> byName.put(String.valueOf(name), value));
            }
            return new Arguments(values, byName);
        }
    }

    /** The part of {@code a|name(arguments)} from the bar on. */
    record FilterCall(String name, Parameters arguments) {
        Object apply(Scope scope, Object value) {
            return Filters.apply(scope.rendering(), name, value, arguments.evaluate(scope));
        }
    }

    /** {@code a|filter}. */
    record Filtered(Expression target, FilterCall filter) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            return filter.apply(scope, target.evaluate(scope));
        }
    }

    /** {@code a is test}. */
    record Tested(Expression target, String name, Parameters arguments) implements Expression {
        @Override
        public Object evaluate(Scope scope) {
            Test test = Tests.find(name);
            if (test == null) {
                throw Tests.unknown(name);
            }
            scope.rendering().step();
            return test.holds(scope.rendering(), target.evaluate(scope), arguments.evaluate(scope));
        }
    }
}
