package dev.slipstream.decode.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code value.name}, {@code value[key]} and {@code value[a:b:c]}. */
final class Attributes {
    private Attributes() {}

    /** {@code value.name}: methods come first, then items. */
    static Object attribute(Object value, String name) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        } else if (value instanceof Namespace namespace) {
            return namespace.get(name);
        } else if (value instanceof Loop loop) {
            return loop.attribute(name);
        }
        Object method = Methods.find(value, name);
        if (method != null) {
            return method;
        }
        Object item = value instanceof Map<?, ?> map ? map.get(name) : null;
        return item != null ? item : noAttribute(value, name);
    }

    /** {@code value[key]}: items come first, then attributes. */
    static Object item(Rendering rendering, Object value, Object key) {
        if (value instanceof Map<?, ?> map) {
            Object item = Values.lookUp(map, key);
            if (item != null) {
                return item;
            }
        } else if (Values.isInteger(key)) {
            long length =
                    value instanceof List || value instanceof String ? Values.length(value) : 0;
            long index = Values.asLong(key);
            if (index < 0) {
                index += length;
            }
            rendering.read(value);
            if (index >= 0 && index < length) {
                return value instanceof List<?> list
                        ? list.get((int) index)
                        : character((String) value, (int) index);
            }
        }
        if (key instanceof String name) {
            return attribute(value, name);
        }
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        return new Undefined(Values.typeName(value) + " object has no element " + describe(key));
    }

    private static String character(String text, int index) {
        return Character.toString(text.codePointAt(text.offsetByCodePoints(0, index)));
    }

    private static String describe(Object key) {
        return key instanceof Long || key instanceof Double ? key.toString() : Values.typeName(key);
    }

    private static Undefined noAttribute(Object value, String name) {
        return new Undefined(
                "'" + Values.typeName(value) + " object' has no attribute '" + name + "'");
    }

    /** A path such as {@code function.name} or {@code 0.text}, for filters. */
    static Object path(Rendering rendering, Object value, Object path) {
        if (Values.isInteger(path)) {
            return item(rendering, value, path);
        } else if (!(path instanceof String)) {
            throw new TemplateException(
                    "an attribute is named by a string, not " + Values.typeName(path));
        }
        rendering.read(path);
        Object reached = value;
        for (String name : ((String) path).split("\\.", -1)) {
            boolean index = !name.isEmpty() && name.length() < 10 && name.matches("[0-9]+");
            reached = item(rendering, reached, index ? (Object) Long.valueOf(name) : name);
        }
        return reached;
    }

    static Object slice(Rendering rendering, Object value, Object start, Object stop, Object step) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!(value instanceof List) && !(value instanceof String)) {
            throw new TemplateException(
                    "'" + Values.typeName(value) + "' object is not subscriptable");
        }
        int length = (int) Values.length(value);
        int by = clamp(bound(step, 1), -length - 1L, length + 1L);
        if (by == 0) {
            throw new TemplateException("slice step cannot be zero");
        }
        // Bounds stop at the ends; going down, the end before the first item is -1.
        int lowest = by > 0 ? 0 : -1;
        int highest = by > 0 ? length : length - 1;
        int from = position(bound(start, by > 0 ? 0 : length - 1), length, lowest, highest);
        int to =
                stop == None.NONE
                        ? (by > 0 ? length : -1)
                        : position(bound(stop, 0), length, lowest, highest);
        if (value instanceof String text) {
            rendering.grow(text.length());
            return PythonStrings.slice(text, from, to, by);
        }
        rendering.growItems(length);
        List<?> list = (List<?>) value;
        List<Object> taken = new ArrayList<>();
        for (int i = from; by > 0 ? i < to : i > to; i += by) {
            taken.add(list.get(i));
        }
        return value instanceof Tuple ? new Tuple(taken) : taken;
    }

    private static long bound(Object value, long otherwise) {
        if (value == None.NONE) {
            return otherwise;
        } else if (Values.isInteger(value)) {
            return Values.asLong(value);
        } else if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        throw new TemplateException(
                "slice indices must be integers or None, not " + Values.typeName(value));
    }

    private static int position(long index, int length, int lowest, int highest) {
        return clamp(index < 0 ? index + length : index, lowest, highest);
    }

    private static int clamp(long value, long lowest, long highest) {
        return (int) Math.max(lowest, Math.min(highest, value));
    }
}
