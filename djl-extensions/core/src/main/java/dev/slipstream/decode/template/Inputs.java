package dev.slipstream.decode.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies Java's values into those of templates, and counts them; nothing else gets in. */
final class Inputs {
    private static final int MOST_NESTED = 200;

    private long values;
    private long characters;

    long values() {
        return values;
    }

    long characters() {
        return characters;
    }

    Map<String, Object> variables(Map<String, ?> variables) {
        Map<String, Object> copies = new LinkedHashMap<>();
        variables.forEach((name, value) -> copies.put(name, copy(value, 0)));
        return copies;
    }

    private Object copy(@Nullable Object value, int depth) {
        values++;
        if (depth > MOST_NESTED) {
            throw new TemplateException(
                    "a value is nested more than " + MOST_NESTED + " deep, or contains itself");
        }
        if (value == null) {
            return None.NONE;
        } else if (value instanceof CharSequence text) {
            characters += text.length();
            return text.toString();
        } else if (value instanceof Boolean) {
            return value;
        } else if (value instanceof Number number) {
            return number(number);
        } else if (value instanceof Map<?, ?> map) {
            Map<Object, Object> copies = new LinkedHashMap<>();
            map.forEach((key, item) -> copies.put(String.valueOf(key), copy(item, depth + 1)));
            return copies;
        } else if (value instanceof Iterable<?> items) {
            List<Object> copies = new ArrayList<>();
            items.forEach(item -> copies.add(copy(item, depth + 1)));
            return copies;
        }
        throw new TemplateException(
                "a template takes strings, numbers, booleans, lists and maps, not a "
                        + value.getClass().getName());
    }

    /** Decimal text decides, so that numbers as JSON readers keep them stay whole or broken. */
    private static Object number(Number number) {
        if (number instanceof Double) {
            return number;
        } else if (number instanceof Long
                || number instanceof Integer
                || number instanceof Short
                || number instanceof Byte) {
            return number.longValue();
        }
        String text = number.toString();
        try {
            if (number instanceof BigInteger || text.matches("-?[0-9]{1,19}")) {
                return Long.valueOf(text);
            }
            return number instanceof BigDecimal decimal
                    ? (Object) decimal.doubleValue()
                    : Double.valueOf(text);
        } catch (NumberFormatException e) {
            throw new TemplateException("the number " + text + " does not fit 64 bits");
        }
    }
}
