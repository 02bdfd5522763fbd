package dev.slipstream.decode.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The methods of strings, dicts and lists. Those that change their object do not exist. */
final class Methods {
    /** A method before it is bound. */
    @FunctionalInterface
    private interface Method<T> {
        Object call(Rendering rendering, T self, Arguments arguments);
    }

    private static final Map<String, Method<String>> STRING = stringMethods();
    private static final Map<String, Method<Map<Object, Object>>> DICT = dictMethods();
    private static final Map<String, Method<List<Object>>> LIST = listMethods();

    private Methods() {}

    static @Nullable Callable find(Object value, String name) {
        if (value instanceof String text) {
            return bind(STRING.get(name), text);
        } else if (value instanceof Map<?, ?> map) {
            return bind(DICT.get(name), entries(map));
        } else if (value instanceof List<?> list) {
            return bind(LIST.get(name), Values.items(list));
        }
        return null;
    }

    private static <T> @Nullable Callable bind(@Nullable Method<T> method, T self) {
        return method == null
                ? null
                : (rendering, arguments) -> {
                    rendering.call(self, arguments);
                    return method.call(rendering, self, arguments);
                };
    }

    /** Every map that a template can reach holds Objects, and none of them changes. */
    @SuppressWarnings("unchecked")
    static Map<Object, Object> entries(Map<?, ?> map) {
        return (Map<Object, Object>) map;
    }

    private static Map<String, Method<String>> stringMethods() {
        Map<String, Method<String>> methods = new LinkedHashMap<>();
        methods.put("strip", (r, s, a) -> PythonStrings.strip(s, characters(r, s, a)));
        methods.put("lstrip", (r, s, a) -> PythonStrings.stripLeft(s, characters(r, s, a)));
        methods.put("rstrip", (r, s, a) -> PythonStrings.stripRight(s, characters(r, s, a)));
        methods.put("split", (r, s, a) -> split(r, s, a.bind("split", "sep", "maxsplit"), false));
        methods.put("rsplit", (r, s, a) -> split(r, s, a.bind("rsplit", "sep", "maxsplit"), true));
        methods.put(
                "splitlines",
                (r, s, a) -> {
                    a.bind("splitlines");
                    r.grow(s.length());
                    return items(r, PythonStrings.lines(s));
                });
        methods.put(
                "startswith", (r, s, a) -> affix(a.bind("startswith", "prefix"), s::startsWith));
        methods.put("endswith", (r, s, a) -> affix(a.bind("endswith", "suffix"), s::endsWith));
        put(methods, "upper", s -> s.toUpperCase(Locale.ROOT));
        put(methods, "lower", s -> s.toLowerCase(Locale.ROOT));
        put(methods, "title", PythonStrings::title);
        put(methods, "capitalize", PythonStrings::capitalize);
        test(methods, "isdigit", s -> PythonStrings.isMadeOf(s, Character::isDigit));
        test(methods, "isnumeric", s -> PythonStrings.isMadeOf(s, Character::isDigit));
        test(methods, "isalpha", s -> PythonStrings.isMadeOf(s, Character::isLetter));
        test(methods, "isalnum", s -> PythonStrings.isMadeOf(s, Character::isLetterOrDigit));
        test(methods, "isspace", s -> PythonStrings.isMadeOf(s, PythonStrings::isSpace));
        test(methods, "isupper", s -> PythonStrings.isAllOf(s, Character::isUpperCase));
        test(methods, "islower", s -> PythonStrings.isAllOf(s, Character::isLowerCase));
        methods.put(
                "replace",
                (r, s, a) -> {
                    Arguments.Bound given = a.bind("replace", "old", "new", "count");
                    return PythonStrings.replace(
                            r, s, given.text(0), given.text(1), given.integer(2, -1));
                });
        methods.put(
                "join",
                (r, s, a) -> {
                    Buffer out = new Buffer(r);
                    String separator = "";
                    for (Object item : Values.iterate(r, a.bind("join", "iterable").required(0))) {
                        if (!(item instanceof String part)) {
                            throw new TemplateException(
                                    "join: expected str instance, found " + Values.typeName(item));
                        }
                        out.append(separator).append(part);
                        separator = s;
                    }
                    return out.toString();
                });
        methods.put("find", (r, s, a) -> find(r, s, a.bind("find", "sub").text(0)));
        methods.put("index", (r, s, a) -> found(find(r, s, a.bind("index", "sub").text(0))));
        methods.put(
                "count",
                (r, s, a) -> {
                    String sub = a.bind("count", "sub").text(0);
                    r.search(s, sub);
                    return sub.isEmpty()
                            ? Values.length(s) + 1
                            : (long) PythonStrings.split(s, sub, -1).size() - 1;
                });
        methods.put(
                "removeprefix",
                (r, s, a) -> {
                    String prefix = a.bind("removeprefix", "prefix").text(0);
                    return s.startsWith(prefix) ? s.substring(prefix.length()) : s;
                });
        methods.put(
                "removesuffix",
                (r, s, a) -> {
                    String suffix = a.bind("removesuffix", "suffix").text(0);
                    return s.endsWith(suffix) ? s.substring(0, s.length() - suffix.length()) : s;
                });
        methods.put(
                "partition",
                (r, s, a) -> {
                    String sep = a.bind("partition", "sep").text(0);
                    r.search(s, sep);
                    List<Object> parts = PythonStrings.split(s, sep, 1);
                    return parts.size() == 1
                            ? Tuple.of(s, "", "")
                            : Tuple.of(parts.get(0), sep, parts.get(1));
                });
        methods.put(
                "rpartition",
                (r, s, a) -> {
                    String sep = a.bind("rpartition", "sep").text(0);
                    r.search(s, sep);
                    List<Object> parts = PythonStrings.splitFromRight(s, sep, 1);
                    return parts.size() == 1
                            ? Tuple.of("", "", s)
                            : Tuple.of(parts.get(0), sep, parts.get(1));
                });
        methods.put("format", BraceFormat::format);
        return Map.copyOf(methods);
    }

    private static void put(
            Map<String, Method<String>> methods, String name, UnaryOperator<String> of) {
        methods.put(
                name,
                (r, s, a) -> {
                    a.bind(name);
                    r.grow(s.length());
                    return of.apply(s);
                });
    }

    private static void test(
            Map<String, Method<String>> methods, String name, Predicate<String> of) {
        methods.put(
                name,
                (r, s, a) -> {
                    a.bind(name);
                    return of.test(s);
                });
    }

    private static @Nullable String characters(
            Rendering rendering, String text, Arguments arguments) {
        Arguments.Bound given = arguments.bind("strip", "chars");
        if (!given.has(0)) {
            return null;
        }
        rendering.lookUp(text, given.text(0));
        return given.text(0);
    }

    private static Object split(
            Rendering rendering, String text, Arguments.Bound given, boolean fromRight) {
        rendering.grow(text.length());
        long limit = given.integer(1, -1);
        if (given.has(0)) {
            rendering.search(text, given.text(0));
            return items(
                    rendering,
                    fromRight
                            ? PythonStrings.splitFromRight(text, given.text(0), limit)
                            : PythonStrings.split(text, given.text(0), limit));
        }
        if (fromRight && limit >= 0) {
            throw new TemplateException("rsplit with a limit needs a separator");
        }
        return items(rendering, PythonStrings.splitSpaces(text, limit));
    }

    /** Pays for parts of a text, which are no more than its characters and one. */
    private static List<Object> items(Rendering rendering, List<Object> parts) {
        rendering.growItems(parts.size());
        return parts;
    }

    private static Object affix(Arguments.Bound given, Predicate<String> holds) {
        Object affixes = given.required(0);
        if (affixes instanceof Tuple tuple) {
            return tuple.stream().anyMatch(t -> t instanceof String text && holds.test(text));
        }
        return holds.test(given.text(0));
    }

    private static long find(Rendering rendering, String text, String sub) {
        rendering.search(text, sub);
        int found = text.indexOf(sub);
        return found < 0 ? -1 : text.codePointCount(0, found);
    }

    private static Object found(long index) {
        if (index < 0) {
            throw new TemplateException("substring not found");
        }
        return index;
    }

    private static Map<String, Method<Map<Object, Object>>> dictMethods() {
        return Map.of(
                "get",
                (r, map, a) -> {
                    Arguments.Bound given = a.bind("get", "key", "default");
                    Object value = Values.lookUp(map, given.required(0));
                    return value != null ? value : given.get(1, None.NONE);
                },
                "items",
                (r, map, a) -> {
                    a.bind("items");
                    return pairs(r, map);
                },
                "keys",
                (r, map, a) -> {
                    a.bind("keys");
                    return Values.iterate(r, map);
                },
                "values",
                (r, map, a) -> {
                    a.bind("values");
                    r.growItems(map.size());
                    return new ArrayList<>(map.values());
                },
                "copy",
                (r, map, a) -> {
                    a.bind("copy");
                    return map;
                });
    }

    static List<Object> pairs(Rendering rendering, Map<?, ?> map) {
        rendering.growItems(3L * map.size());
        List<Object> pairs = new ArrayList<>(map.size());
        map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
        return pairs;
    }

    private static Map<String, Method<List<Object>>> listMethods() {
        return Map.of(
                "index",
                (r, list, a) -> {
                    Object wanted = a.bind("index", "value").required(0);
                    for (int i = 0; i < list.size(); i++) {
                        if (Values.equal(r, list.get(i), wanted)) {
                            return (long) i;
                        }
                    }
                    throw new TemplateException("value is not in list");
                },
                "count",
                (r, list, a) -> {
                    Object wanted = a.bind("count", "value").required(0);
                    return list.stream().filter(item -> Values.equal(r, item, wanted)).count();
                });
    }
}
