package dev.slipstream.decode.template;

import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template has. */
final class Functions {
    private static final Map<String, Callable> ALL =
            Map.of(
                    "range", Functions::range,
                    "namespace", (r, a) -> new Namespace(strings(dict(r, "namespace", a))),
                    "dict", (r, a) -> dict(r, "dict", a),
                    "raise_exception", Functions::raise,
                    "strftime_now", Functions::now);

    private Functions() {}

    static @Nullable Callable find(String name) {
        return ALL.get(name);
    }

    private static Object range(Rendering rendering, Arguments arguments) {
        Arguments.Bound given = arguments.bind("range", "start", "stop", "step");
        return given.get(1) == null
                ? new Range(0, given.integer(0), 1)
                : new Range(given.integer(0), given.integer(1), given.integer(2, 1));
    }

    private static Map<Object, Object> dict(Rendering rendering, String name, Arguments arguments) {
        Map<Object, Object> dict = new LinkedHashMap<>();
        if (arguments.positional().size() > 1) {
            throw new TemplateException(name + " takes at most 1 positional argument");
        }
        for (Object given : arguments.positional()) {
            if (given instanceof Map<?, ?> map) {
                dict.putAll(map);
            } else {
                for (Object pair : Values.iterate(rendering, given)) {
                    List<Object> entry = Values.iterate(rendering, pair);
                    if (entry.size() != 2) {
                        throw new TemplateException(name + " needs pairs of key and value");
                    }
                    dict.put(Values.key(entry.get(0)), entry.get(1));
                }
            }
        }
        dict.putAll(arguments.named());
        rendering.growItems(dict.size());
        return dict;
    }

    private static Map<String, Object> strings(Map<Object, Object> dict) {
        Map<String, Object> strings = new LinkedHashMap<>();
        dict.forEach((key, value) -> strings.put(String.valueOf(key), value));
        return strings;
    }

    private static Object raise(Rendering rendering, Arguments arguments) {
        Object message = arguments.bind("raise_exception", "message").required(0);
        throw TemplateException.raised(Printer.text(rendering, message));
    }

    private static Object now(Rendering rendering, Arguments arguments) {
        String format = arguments.bind("strftime_now", "format").text(0);
        rendering.grow(16L * format.length());
        return Strftime.format(LocalDateTime.now(rendering.clock()), format);
    }
}
