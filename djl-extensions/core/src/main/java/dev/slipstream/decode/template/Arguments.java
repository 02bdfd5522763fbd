package dev.slipstream.decode.template;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a call.
 *
 * @param positional in order
 * @param named by keyword
 */
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /** Returns the positional arguments from the given one on, and all the named ones. */
    Arguments from(int first) {
        return new Arguments(positional.subList(first, positional.size()), named);
    }

    Arguments with(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(named);
        more.put(name, value);
        return new Arguments(positional, more);
    }

    /**
     * Matches the arguments with parameters.
     *
     * @param callee what is called, for messages
     * @param parameters names in order, each of which may stay without a value
     */
    Bound bind(String callee, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new TemplateException(
                    callee
                            + " takes at most "
                            + parameters.length
                            + " arguments, "
                            + positional.size()
                            + " given");
        }
        @Nullable Object[] values = new @Nullable Object[parameters.length];
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
        }
        Map<String, Object> rest = new HashMap<>(named);
        for (int i = 0; i < parameters.length; i++) {
            Object value = rest.remove(parameters[i]);
            if (value != null) {
                if (values[i] != null) {
                    throw new TemplateException(
                            callee + " got two values for '" + parameters[i] + "'");
                }
                values[i] = value;
            }
        }
        if (!rest.isEmpty()) {
            throw new TemplateException(
                    callee + " has no argument '" + rest.keySet().iterator().next() + "'");
        }
        return new Bound(callee, parameters, values);
    }

    /** Arguments by the index of their parameter. */
    static final class Bound {
        private final String callee;
        private final String[] parameters;
        private final @Nullable Object[] values;

        private Bound(String callee, String[] parameters, @Nullable Object[] values) {
            this.callee = callee;
            this.parameters = parameters;
            this.values = values;
        }

        @Nullable Object get(int index) {
            return values[index];
        }

        Object get(int index, Object otherwise) {
            Object value = values[index];
            return value != null ? value : otherwise;
        }

        Object required(int index) {
            Object value = values[index];
            if (value == null) {
                throw new TemplateException(
                        callee + " needs the argument '" + parameters[index] + "'");
            }
            return value;
        }

        /** Tells whether the argument is there and not none. */
        boolean has(int index) {
            return values[index] != null && values[index] != None.NONE;
        }

        String text(int index) {
            if (required(index) instanceof String text) {
                return text;
            }
            throw wrong(index, "a string");
        }

        String text(int index, String otherwise) {
            return values[index] == null ? otherwise : text(index);
        }

        long integer(int index) {
            Object value = required(index);
            if (value instanceof Long number) {
                return number;
            }
            if (value instanceof Boolean flag) {
                return flag ? 1 : 0;
            }
            throw wrong(index, "an integer");
        }

        long integer(int index, long otherwise) {
            return values[index] == null ? otherwise : integer(index);
        }

        boolean truth(int index) {
            Object value = values[index];
            return value != null && Values.truth(value);
        }

        private TemplateException wrong(int index, String expected) {
            return new TemplateException(
                    callee
                            + " needs "
                            + expected
                            + " as '"
                            + parameters[index]
                            + "', not "
                            + Values.typeName(required(index)));
        }
    }
}
