package dev.slipstream.decode.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Filters over whole sequences: counting, joining, ordering. */
final class SequenceFilters {
    private SequenceFilters() {}

    static Map<String, Filter> all() {
        Map<String, Filter> all = new TreeMap<>();
        all.put("length", (r, value, a) -> Values.length(value));
        all.put("count", (r, value, a) -> Values.length(value));
        all.put("first", SequenceFilters::first);
        all.put("last", SequenceFilters::last);
        all.put("list", (r, value, a) -> new ArrayList<>(counted(r, Values.iterate(r, value))));
        all.put("items", SequenceFilters::items);
        all.put("join", SequenceFilters::join);
        all.put("reverse", SequenceFilters::reverse);
        all.put("sort", SequenceFilters::sort);
        all.put("dictsort", SequenceFilters::dictsort);
        all.put("unique", SequenceFilters::unique);
        all.put("sum", SequenceFilters::sum);
        all.put("min", (r, value, a) -> extreme(r, value, a, "min"));
        all.put("max", (r, value, a) -> extreme(r, value, a, "max"));
        return all;
    }

    private static List<Object> counted(Rendering rendering, List<Object> items) {
        rendering.growItems(items.size());
        return items;
    }

    private static Object first(Rendering rendering, Object value, Arguments arguments) {
        arguments.bind("first");
        List<Object> items = Values.iterate(rendering, value);
        return items.isEmpty() ? new Undefined("No first item, sequence was empty.") : items.get(0);
    }

    private static Object last(Rendering rendering, Object value, Arguments arguments) {
        arguments.bind("last");
        List<Object> items = Values.iterate(rendering, value);
        return items.isEmpty()
                ? new Undefined("No last item, sequence was empty.")
                : items.get(items.size() - 1);
    }

    private static Object items(Rendering rendering, Object value, Arguments arguments) {
        arguments.bind("items");
        if (value instanceof Undefined) {
            return List.of();
        } else if (value instanceof Map<?, ?> map) {
            return Methods.pairs(rendering, map);
        }
        throw new TemplateException("Can only get item pairs from a mapping.");
    }

    private static Object join(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("join", "d", "attribute");
        String separator = Printer.text(rendering, given.get(0, ""));
        Buffer out = new Buffer(rendering);
        boolean first = true;
        for (Object item : Values.iterate(rendering, value)) {
            rendering.step();
            Object part = given.has(1) ? Attributes.path(rendering, item, given.required(1)) : item;
            out.append(first ? "" : separator).append(Printer.text(rendering, part));
            first = false;
        }
        return out.toString();
    }

    private static Object reverse(Rendering rendering, Object value, Arguments arguments) {
        arguments.bind("reverse");
        if (value instanceof String text) {
            rendering.grow(text.length());
            return PythonStrings.reverse(text);
        }
        List<Object> items = new ArrayList<>(counted(rendering, Values.iterate(rendering, value)));
        Collections.reverse(items);
        return items;
    }

    private static Object sort(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
        UnaryOperator<Object> caseless = foldedUnless(given.truth(1));
        Comparator<Object> order = Values.order(rendering);
        if (given.has(2)) {
            Object attribute = given.required(2);
            Object[] paths =
                    attribute instanceof String text
                            ? (Object[]) text.split(",")
                            : new Object[] {attribute};
            order =
                    (a, b) -> {
                        for (Object path : paths) {
                            int way =
                                    Values.compare(
                                            rendering,
                                            "<",
                                            caseless.apply(Attributes.path(rendering, a, path)),
                                            caseless.apply(Attributes.path(rendering, b, path)));
                            if (way != 0) {
                                return way;
                            }
                        }
                        return 0;
                    };
        } else {
            Comparator<Object> plain = order;
            order = (a, b) -> plain.compare(caseless.apply(a), caseless.apply(b));
        }
        List<Object> sorted = new ArrayList<>(counted(rendering, Values.iterate(rendering, value)));
        sorted.sort(given.truth(0) ? order.reversed() : order);
        return sorted;
    }

    private static Object dictsort(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
        if (!(value instanceof Map<?, ?> map)) {
            throw new TemplateException("dictsort needs a dict, not " + Values.typeName(value));
        }
        String by = given.text(1, "key");
        if (!by.equals("key") && !by.equals("value")) {
            throw new TemplateException("You can only sort by either \"key\" or \"value\"");
        }
        UnaryOperator<Object> caseless = foldedUnless(given.truth(0));
        int side = by.equals("key") ? 0 : 1;
        Comparator<Object> order =
                (a, b) ->
                        Values.compare(
                                rendering,
                                "<",
                                caseless.apply(((Tuple) a).get(side)),
                                caseless.apply(((Tuple) b).get(side)));
        List<Object> sorted = Methods.pairs(rendering, map);
        sorted.sort(given.truth(2) ? order.reversed() : order);
        return sorted;
    }

    private static UnaryOperator<Object> foldedUnless(boolean caseSensitive) {
        return item ->
                !caseSensitive && item instanceof String text
                        ? text.toLowerCase(Locale.ROOT)
                        : item;
    }

    private static Object unique(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("unique", "case_sensitive", "attribute");
        UnaryOperator<Object> caseless = foldedUnless(given.truth(0));
        List<Object> seen = new ArrayList<>();
        List<Object> unique = new ArrayList<>();
        for (Object item : Values.iterate(rendering, value)) {
            rendering.step();
            Object key =
                    caseless.apply(
                            given.has(1)
                                    ? Attributes.path(rendering, item, given.required(1))
                                    : item);
            if (!Values.contains(rendering, seen, key)) {
                seen.add(key);
                unique.add(item);
            }
        }
        return unique;
    }

    private static Object sum(Rendering rendering, Object value, Arguments arguments) {
        Arguments.Bound given = arguments.bind("sum", "attribute", "start");
        Object sum = given.get(1, 0L);
        for (Object item : Values.iterate(rendering, value)) {
            rendering.step();
            Object part = given.has(0) ? Attributes.path(rendering, item, given.required(0)) : item;
            sum = Operators.add(rendering, sum, part);
        }
        return sum;
    }

    private static Object extreme(
            Rendering rendering, Object value, Arguments arguments, String which) {
        Arguments.Bound given = arguments.bind(which, "case_sensitive", "attribute");
        List<Object> items = Values.iterate(rendering, value);
        if (items.isEmpty()) {
            return new Undefined("No aggregated item, sequence was empty.");
        }
        UnaryOperator<Object> caseless = foldedUnless(given.truth(0));
        Comparator<Object> plain = Values.order(rendering);
        Comparator<Object> order =
                (a, b) ->
                        plain.compare(
                                caseless.apply(
                                        given.has(1)
                                                ? Attributes.path(rendering, a, given.required(1))
                                                : a),
                                caseless.apply(
                                        given.has(1)
                                                ? Attributes.path(rendering, b, given.required(1))
                                                : b));
        return which.equals("min") ? Collections.min(items, order) : Collections.max(items, order);
    }
}
