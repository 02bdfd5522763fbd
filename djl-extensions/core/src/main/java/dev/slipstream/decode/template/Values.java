package dev.slipstream.decode.template;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What Python asks of any value. The values are {@link None}, {@link Undefined}, Boolean, Long,
 * Double, String, List ({@link Tuple}, {@link Range}), Map, {@link Namespace} and {@link Callable}.
 */
final class Values {
    private Values() {}

    static String typeName(Object value) {
        if (value instanceof String) {
            return "str";
        } else if (value instanceof Boolean) {
            return "bool";
        } else if (value instanceof Long) {
            return "int";
        } else if (value instanceof Double) {
            return "float";
        } else if (value instanceof Tuple) {
            return "tuple";
        } else if (value instanceof List) {
            return "list";
        } else if (value instanceof Map) {
            return "dict";
        } else if (value == None.NONE) {
            return "NoneType";
        } else if (value instanceof Callable) {
            return "function";
        }
        return value.getClass().getSimpleName();
    }

    static boolean truth(Object value) {
        if (value instanceof Boolean flag) {
            return flag;
        } else if (value instanceof String text) {
            return !text.isEmpty();
        } else if (value instanceof List<?> list) {
            return !list.isEmpty();
        } else if (value instanceof Map<?, ?> map) {
            return !map.isEmpty();
        } else if (value instanceof Long number) {
            return number != 0;
        } else if (value instanceof Double number) {
            return number != 0;
        }
        return value != None.NONE && !(value instanceof Undefined);
    }

    static long length(Object value) {
        if (value instanceof String text) {
            return text.codePointCount(0, text.length());
        } else if (value instanceof List<?> list) {
            return list.size();
        } else if (value instanceof Map<?, ?> map) {
            return map.size();
        } else if (value instanceof Undefined) {
            return 0;
        }
        throw new TemplateException("object of type '" + typeName(value) + "' has no len()");
    }

    /** Returns what a loop over the value goes through: characters, items or keys. */
    static List<Object> iterate(Rendering rendering, Object value) {
        if (value instanceof List<?> list) {
            return items(list);
        } else if (value instanceof Map<?, ?> map) {
            rendering.growItems(map.size());
            return new ArrayList<>(map.keySet());
        } else if (value instanceof String text) {
            rendering.growItems(text.length());
            List<Object> characters = new ArrayList<>(text.length());
            text.codePoints().forEach(c -> characters.add(Character.toString(c)));
            return characters;
        } else if (value instanceof Undefined) {
            return List.of();
        }
        throw new TemplateException("'" + typeName(value) + "' object is not iterable");
    }

    /** Every list that a template can reach holds Objects, and none of them changes. */
    @SuppressWarnings("unchecked")
    static List<Object> items(List<?> list) {
        return (List<Object>) list;
    }

    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    static long asLong(Object number) {
        return number instanceof Boolean flag ? (flag ? 1 : 0) : ((Number) number).longValue();
    }

    static double asDouble(Object number) {
        return number instanceof Boolean flag ? (flag ? 1 : 0) : ((Number) number).doubleValue();
    }

    static boolean equal(Rendering rendering, Object a, Object b) {
        rendering.step();
        if (isNumber(a) && isNumber(b)) {
            return compareNumbers(a, b) == 0;
        } else if (a instanceof List<?> left && b instanceof List<?> right) {
            if (a instanceof Tuple != b instanceof Tuple || left.size() != right.size()) {
                return false;
            }
            for (int i = 0; i < left.size(); i++) {
                if (!equal(rendering, left.get(i), right.get(i))) {
                    return false;
                }
            }
            return true;
        } else if (a instanceof Map<?, ?> left && b instanceof Map<?, ?> right) {
            if (left.size() != right.size()) {
                return false;
            }
            for (Map.Entry<?, ?> entry : left.entrySet()) {
                Object other = right.get(entry.getKey());
                if (other == null || !equal(rendering, entry.getValue(), other)) {
                    return false;
                }
            }
            return true;
        } else if (a instanceof String && b instanceof String) {
            rendering.read(a);
            return a.equals(b);
        }
        return a == b || a instanceof Undefined && b instanceof Undefined;
    }

    /** Orders numbers, strings and lists among themselves; others have no order. */
    static int compare(Rendering rendering, String operator, Object a, Object b) {
        rendering.step();
        if (isNumber(a) && isNumber(b)) {
            return compareNumbers(a, b);
        } else if (a instanceof String left && b instanceof String right) {
            rendering.read(left);
            return compareCodePoints(left, right);
        } else if (a instanceof List<?> left
                && b instanceof List<?> right
                && a instanceof Tuple == b instanceof Tuple) {
            for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
                if (!equal(rendering, left.get(i), right.get(i))) {
                    return compare(rendering, operator, left.get(i), right.get(i));
                }
            }
            return Integer.compare(left.size(), right.size());
        }
        for (Object value : new Object[] {a, b}) {
            if (value instanceof Undefined undefined) {
                throw undefined.error();
            }
        }
        throw new TemplateException(
                "'"
                        + operator
                        + "' not supported between instances of '"
                        + typeName(a)
                        + "' and '"
                        + typeName(b)
                        + "'");
    }

    /** Exactly, also where a double cannot hold the integer. */
    private static int compareNumbers(Object a, Object b) {
        if (isInteger(a) && isInteger(b)) {
            return Long.compare(asLong(a), asLong(b));
        }
        if (isFinite(a) && isFinite(b)) {
            return exact(a).compareTo(exact(b));
        }
        return Double.compare(asDouble(a), asDouble(b));
    }

    private static boolean isFinite(Object number) {
        return Double.isFinite(asDouble(number));
    }

    private static BigDecimal exact(Object number) {
        return isInteger(number)
                ? BigDecimal.valueOf(asLong(number))
                : new BigDecimal(asDouble(number));
    }

    static Comparator<Object> order(Rendering rendering) {
        return (a, b) -> compare(rendering, "<", a, b);
    }

    private static int compareCodePoints(String a, String b) {
        int common = Math.min(a.length(), b.length());
        for (int i = 0; i < common; i++) {
            if (a.charAt(i) != b.charAt(i)) {
                boolean surrogates =
                        Character.isSurrogate(a.charAt(i)) && Character.isSurrogate(b.charAt(i));
                // Differing low surrogates follow equal high ones, so units order like code points.
                return surrogates
                        ? Character.compare(a.charAt(i), b.charAt(i))
                        : Integer.compare(a.codePointAt(i), b.codePointAt(i));
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    static boolean contains(Rendering rendering, Object container, Object item) {
        if (container instanceof String text) {
            if (item instanceof String part) {
                rendering.search(text, part);
                return text.contains(part);
            }
            if (item instanceof Undefined undefined) {
                throw undefined.error();
            }
            throw new TemplateException(
                    "'in <string>' requires string as left operand, not " + typeName(item));
        } else if (container instanceof Map<?, ?> map) {
            return lookUp(map, item) != null;
        } else if (container instanceof List<?> list) {
            for (Object each : list) {
                if (equal(rendering, each, item)) {
                    return true;
                }
            }
            return false;
        } else if (container instanceof Undefined) {
            return false;
        }
        throw new TemplateException(
                "argument of type '" + typeName(container) + "' is not iterable");
    }

    /** Returns what is under a key; values that may be no key of ours are under none. */
    static @Nullable Object lookUp(Map<?, ?> map, Object key) {
        return key instanceof Undefined || key instanceof Tuple ? null : map.get(key(key));
    }

    /** Returns the value as a key of a map; only what cannot nest may be one. */
    static Object key(Object value) {
        if (value instanceof String || value == None.NONE || value instanceof Long) {
            return value;
        } else if (value instanceof Boolean) {
            return asLong(value);
        } else if (value instanceof Double number && number == number.longValue()) {
            return number.longValue();
        } else if (value instanceof Double) {
            return value;
        } else if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        throw new TemplateException("a '" + typeName(value) + "' cannot be the key of a dict");
    }

    static boolean same(Object a, Object b) {
        return a == b || a.getClass() == b.getClass() && isScalar(a) && Objects.equals(a, b);
    }

    private static boolean isScalar(Object value) {
        return value instanceof String || isNumber(value);
    }
}
