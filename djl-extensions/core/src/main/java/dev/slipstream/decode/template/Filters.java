package dev.slipstream.decode.template;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Jinja's filters, as far as chat templates use them. */
final class Filters {
    private static final Map<String, Filter> ALL;

    static {
        Map<String, Filter> all = new TreeMap<>(TextFilters.all());
        all.putAll(SequenceFilters.all());
        all.putAll(SelectionFilters.all());
        all.put("tojson", Json::filter);
        ALL = Map.copyOf(all);
    }

    private Filters() {}

    static @Nullable Filter find(String name) {
        return ALL.get(name);
    }

    /** Applies a filter that is named by a value, as in {@code map('upper')}. */
    static Object apply(Rendering rendering, Object name, Object value, Arguments arguments) {
        Filter filter = name instanceof String text ? find(text) : null;
        if (filter == null) {
            throw unknown(Printer.text(rendering, name));
        }
        rendering.call(value, arguments);
        return filter.apply(rendering, value, arguments);
    }

    static TemplateException unknown(String name) {
        return new TemplateException("No filter named '" + name + "'");
    }
}
