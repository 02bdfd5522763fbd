package dev.slipstream.decode.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Filters that take a sequence's items one by one, through another filter or a test. */
final class SelectionFilters {
    private SelectionFilters() {}

    static Map<String, Filter> all() {
        return Map.of(
                "map", SelectionFilters::map,
                "select", (r, value, a) -> select(r, value, a, true),
                "reject", (r, value, a) -> select(r, value, a, false),
                "selectattr", (r, value, a) -> selectAttribute(r, value, a, true),
                "rejectattr", (r, value, a) -> selectAttribute(r, value, a, false));
    }

    private static Object map(Rendering rendering, Object value, Arguments arguments) {
        List<Object> mapped = new ArrayList<>();
        boolean byName = arguments.positional().isEmpty();
        Arguments.Bound named =
                byName
                        ? arguments.bind("map", "attribute", "default")
                        : Arguments.NONE.bind("map", "attribute", "default");
        for (Object item : items(rendering, value)) {
            rendering.step();
            if (byName) {
                Object found = Attributes.path(rendering, item, named.required(0));
                mapped.add(found instanceof Undefined ? named.get(1, found) : found);
            } else {
                mapped.add(
                        Filters.apply(
                                rendering, arguments.positional().get(0), item, arguments.from(1)));
            }
        }
        return mapped;
    }

    private static Object select(
            Rendering rendering, Object value, Arguments arguments, boolean wanted) {
        List<Object> selected = new ArrayList<>();
        for (Object item : items(rendering, value)) {
            rendering.step();
            if (holds(rendering, item, arguments, 0) == wanted) {
                selected.add(item);
            }
        }
        return selected;
    }

    private static Object selectAttribute(
            Rendering rendering, Object value, Arguments arguments, boolean wanted) {
        if (arguments.positional().isEmpty()) {
            throw new TemplateException("selecting by attribute needs the attribute's name");
        }
        Object path = arguments.positional().get(0);
        List<Object> selected = new ArrayList<>();
        for (Object item : items(rendering, value)) {
            rendering.step();
            if (holds(rendering, Attributes.path(rendering, item, path), arguments, 1) == wanted) {
                selected.add(item);
            }
        }
        return selected;
    }

    /** What is false has no items, even if it is a number or none. */
    private static List<Object> items(Rendering rendering, Object value) {
        return Values.truth(value) ? Values.iterate(rendering, value) : List.of();
    }

    /** Without a test's name, truth is tested. */
    private static boolean holds(
            Rendering rendering, Object value, Arguments arguments, int nameAt) {
        if (arguments.positional().size() <= nameAt) {
            return Values.truth(value);
        }
        Object name = arguments.positional().get(nameAt);
        Test test = name instanceof String text ? Tests.find(text) : null;
        if (test == null) {
            throw Tests.unknown(Printer.text(rendering, name));
        }
        return test.holds(rendering, value, arguments.from(nameAt + 1));
    }
}
