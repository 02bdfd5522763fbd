package dev.slipstream.decode.template;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Python's {@code json.dumps}, as {@code tojson} of Hugging Face's templates calls it. */
final class Json {
    private final Buffer out;
    private final @Nullable String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean asciiOnly;
    private final boolean sorted;

    private Json(Rendering rendering, Arguments.Bound options) {
        this.out = new Buffer(rendering);
        this.asciiOnly = options.truth(0);
        this.indent = indent(rendering, options);
        if (options.has(2)) {
            List<Object> separators = Values.iterate(rendering, options.required(2));
            if (separators.size() != 2) {
                throw new TemplateException("tojson needs two separators, not " + separators);
            }
            this.itemSeparator = Printer.text(rendering, separators.get(0));
            this.keySeparator = Printer.text(rendering, separators.get(1));
        } else {
            this.itemSeparator = indent == null ? ", " : ",";
            this.keySeparator = ": ";
        }
        this.sorted = options.truth(3);
    }

    static Object filter(Rendering rendering, Object value, Arguments arguments) {
        Json json =
                new Json(
                        rendering,
                        arguments.bind(
                                "tojson", "ensure_ascii", "indent", "separators", "sort_keys"));
        json.write(value, 0);
        return json.out.toString();
    }

    private static @Nullable String indent(Rendering rendering, Arguments.Bound options) {
        if (!options.has(1)) {
            return null;
        }
        if (options.get(1) instanceof String text) {
            return text;
        }
        return new Buffer(rendering).repeat(" ", options.integer(1)).toString();
    }

    private void write(Object value, int depth) {
        out.rendering().step();
        if (value instanceof String text) {
            quote(text);
        } else if (value instanceof Boolean || value instanceof Long) {
            out.append(value.toString());
        } else if (value instanceof Double number) {
            out.append(number(number));
        } else if (value == None.NONE) {
            out.append("null");
        } else if (value instanceof List<?> list) {
            writeList(list, depth);
        } else if (value instanceof Map<?, ?> map) {
            writeMap(map, depth);
        } else {
            throw new TemplateException(
                    "Object of type " + Values.typeName(value) + " is not JSON serializable");
        }
    }

    private void writeList(List<?> list, int depth) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        out.append('[');
        boolean first = true;
        for (Object item : list) {
            separate(first, depth + 1);
            write(item, depth + 1);
            first = false;
        }
        newLine(depth);
        out.append(']');
    }

    private void writeMap(Map<?, ?> map, int depth) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        Map<?, ?> entries = map;
        if (sorted) {
            Map<Object, Object> ordered = new TreeMap<>(Values.order(out.rendering()));
            ordered.putAll(map);
            entries = ordered;
        }
        out.append('{');
        boolean first = true;
        for (Map.Entry<?, ?> entry : entries.entrySet()) {
            separate(first, depth + 1);
            quote(key(entry.getKey()));
            out.append(keySeparator);
            write(entry.getValue(), depth + 1);
            first = false;
        }
        newLine(depth);
        out.append('}');
    }

    private static String key(Object key) {
        if (key == None.NONE) {
            return "null";
        }
        return key instanceof Double number ? number(number) : key.toString();
    }

    private static String number(double number) {
        if (Double.isNaN(number)) {
            return "NaN";
        } else if (Double.isInfinite(number)) {
            return number > 0 ? "Infinity" : "-Infinity";
        }
        return Printer.number(number);
    }

    private void separate(boolean first, int depth) {
        if (!first) {
            out.append(itemSeparator);
        }
        newLine(depth);
    }

    private void newLine(int depth) {
        if (indent != null) {
            out.append('\n').repeat(indent, depth);
        }
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (c < ' ' || asciiOnly && c > '~') {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
