package dev.slipstream.decode.template;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Jinja's tests. */
final class Tests {
    private static final Map<String, Test> ALL = all();

    private Tests() {}

    static @Nullable Test find(String name) {
        return ALL.get(name);
    }

    static TemplateException unknown(String name) {
        return new TemplateException("No test named '" + name + "'");
    }

    private static Map<String, Test> all() {
        Map<String, Test> all = new TreeMap<>();
        put(all, "defined", value -> !(value instanceof Undefined));
        put(all, "undefined", Undefined.class::isInstance);
        put(all, "none", None.NONE::equals);
        put(all, "string", String.class::isInstance);
        put(all, "mapping", Map.class::isInstance);
        put(all, "sequence", value -> isIterable(value));
        put(all, "iterable", value -> isIterable(value));
        put(all, "number", Values::isNumber);
        put(all, "integer", Long.class::isInstance);
        put(all, "float", Double.class::isInstance);
        put(all, "boolean", Boolean.class::isInstance);
        put(all, "true", Boolean.TRUE::equals);
        put(all, "false", Boolean.FALSE::equals);
        put(all, "callable", Callable.class::isInstance);
        all.put("upper", (r, value, a) -> cased(r, value, Character::isUpperCase));
        all.put("lower", (r, value, a) -> cased(r, value, Character::isLowerCase));
        put(all, "filter", value -> value instanceof String name && Filters.find(name) != null);
        put(all, "test", value -> value instanceof String name && Tests.find(name) != null);
        all.put("odd", (r, value, a) -> remainder(r, value, 2L) == 1);
        all.put("even", (r, value, a) -> remainder(r, value, 2L) == 0);
        all.put("divisibleby", (r, value, a) -> remainder(r, value, other("divisibleby", a)) == 0);
        all.put("sameas", (r, value, a) -> Values.same(value, other("sameas", a)));
        all.put("in", (r, value, a) -> Values.contains(r, other("in", a), value));
        for (String name : List.of("eq", "equalto", "==")) {
            all.put(name, (r, value, a) -> Values.equal(r, value, other(name, a)));
        }
        for (String name : List.of("ne", "!=")) {
            all.put(name, (r, value, a) -> !Values.equal(r, value, other(name, a)));
        }
        compare(all, way -> way < 0, "<", "lt", "lessthan");
        compare(all, way -> way <= 0, "<=", "le");
        compare(all, way -> way > 0, ">", "gt", "greaterthan");
        compare(all, way -> way >= 0, ">=", "ge");
        return Map.copyOf(all);
    }

    private static void put(Map<String, Test> all, String name, Predicate<Object> test) {
        all.put(
                name,
                (r, value, a) -> {
                    a.bind(name);
                    return test.test(value);
                });
    }

    private static void compare(
            Map<String, Test> all, IntPredicate wanted, String operator, String... names) {
        Test test =
                (r, value, a) ->
                        wanted.test(Values.compare(r, operator, value, other(operator, a)));
        all.put(operator, test);
        for (String name : names) {
            all.put(name, test);
        }
    }

    private static Object other(String test, Arguments arguments) {
        return arguments.bind(test, "other").required(0);
    }

    private static boolean isIterable(Object value) {
        return value instanceof String
                || value instanceof List
                || value instanceof Map
                || value instanceof Undefined;
    }

    private static boolean cased(Rendering rendering, Object value, IntPredicate wanted) {
        return PythonStrings.isAllOf(Printer.text(rendering, value), wanted);
    }

    private static double remainder(Rendering rendering, Object value, Object divisor) {
        return Values.asDouble(Operators.remainder(rendering, value, divisor));
    }
}
