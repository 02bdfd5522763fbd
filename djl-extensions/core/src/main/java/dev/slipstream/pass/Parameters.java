package dev.slipstream.pass;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parameters of one pass in a plan, read by name and type. */
public final class Parameters {
    private final PassSpec spec;
    private final Map<String, Knob> knobs = new LinkedHashMap<>();

    /** Constructs what a plan says of a pass. */
    public Parameters(PassSpec spec) {
        this.spec = spec;
    }

    /** Returns what the plan says, in full. */
    public PassSpec spec() {
        return spec;
    }

    /** Tells whether a parameter is given, one that is read by its type elsewhere. */
    public boolean has(String name) {
        return spec.parameters().containsKey(name);
    }

    /**
     * Returns a text; null if it is left out.
     *
     * @param values what it may be, such as {@code names of sub-layers, separated by commas}
     */
    public @Nullable String text(String name, String values) {
        return text(name, values, "");
    }

    /** Returns a whole number between two bounds; null if it is left out. */
    public @Nullable Integer whole(String name, int least, int most) {
        int number = whole(name, least, least, most);
        knobs.put(name, new Knob(name, wholes(least, most), ""));
        return has(name) ? number : null;
    }

    /** Returns a number between two bounds; null if it is left out. */
    public @Nullable Double number(String name, double least, double most) {
        double number = number(name, least, least, most);
        knobs.put(name, new Knob(name, numbers(least, most), ""));
        return has(name) ? number : null;
    }

    private @Nullable String text(String name, String values, Object missing) {
        knobs.put(name, new Knob(name, values, missing.toString()));
        return spec.parameters().get(name);
    }

    /** Returns what was asked for until now. */
    List<Knob> knobs() {
        return List.copyOf(knobs.values());
    }

    /** Returns a whole number between two bounds, or a default. */
    public int whole(String name, int missing, int least, int most) {
        String values = wholes(least, most);
        String value = text(name, values, missing);
        if (value == null) {
            return missing;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, with what was expected.
        }
        throw wrong(name, values, value);
    }

    /** Returns a number between two bounds, or a default. */
    public double number(String name, double missing, double least, double most) {
        String values = numbers(least, most);
        String value = text(name, values, plain(missing));
        if (value == null) {
            return missing;
        }
        try {
            double number = Double.parseDouble(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, with what was expected.
        }
        throw wrong(name, values, value);
    }

    /** Returns {@code true} or {@code false}, or a default. */
    public boolean flag(String name, boolean missing) {
        String value = text(name, "true or false", missing);
        if (value == null) {
            return missing;
        }
        if (value.equals("true") || value.equals("false")) {
            return value.equals("true");
        }
        throw wrong(name, "true or false", value);
    }

    /** Returns one of an enum's constants, which are written in small letters with dashes. */
    public <E extends Enum<E>> E constant(String name, E missing) {
        E given = constant(name, missing.getDeclaringClass(), written(missing));
        return given == null ? missing : given;
    }

    /**
     * Returns one of an enum's constants, or null if it is left out and the model decides.
     *
     * @param name of the parameter
     * @param type the enum
     * @param missing says for lists what is taken then
     */
    public <E extends Enum<E>> @Nullable E constant(String name, Class<E> type, String missing) {
        E[] constants = type.getEnumConstants();
        String values = oneOf(constants);
        String value = text(name, values, missing);
        if (value == null) {
            return null;
        }
        for (E constant : constants) {
            if (written(constant).equals(value)) {
                return constant;
            }
        }
        throw wrong(name, values, value);
    }

    /** Returns whole numbers of at least a bound, separated by commas; empty if left out. */
    public List<Integer> wholes(String name, int least) {
        String values = "whole numbers of at least %d, separated by commas".formatted(least);
        String value = text(name, values, "");
        List<Integer> numbers = new ArrayList<>();
        if (value == null) {
            return numbers;
        }
        for (String part : value.split(",")) {
            try {
                int number = Integer.parseInt(part.strip());
                if (number >= least) {
                    numbers.add(number);
                    continue;
                }
            } catch (NumberFormatException e) {
                // Told below, with what was expected.
            }
            throw wrong(name, values, value);
        }
        return numbers;
    }

    /** Returns an error that names the parameter. */
    public PassException wrong(String name, String expected, String found) {
        return new PassException(
                "pass %s: %s: expected %s, found %s".formatted(spec.name(), name, expected, found));
    }

    /**
     * Checks that nothing was given that nobody asked for.
     *
     * @throws PassException that names it and lists the known ones
     */
    public void requireAllKnown() {
        for (String name : spec.parameters().keySet()) {
            if (!knobs.containsKey(name)) {
                throw new PassException(
                        "pass %s: expected one of the parameters %s, found %s"
                                .formatted(spec.name(), knobs.keySet(), name));
            }
        }
    }

    private static String wholes(int least, int most) {
        return most == Integer.MAX_VALUE
                ? "a whole number of at least " + least
                : "a whole number of %d to %d".formatted(least, most);
    }

    private static String numbers(double least, double most) {
        if (most != Double.MAX_VALUE) {
            return "a number of %s to %s".formatted(plain(least), plain(most));
        }
        return least == Double.MIN_VALUE
                ? "a number above 0"
                : "a number of at least " + plain(least);
    }

    /** As one would write it: 1, not 1.0. */
    private static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? Long.toString((long) number)
                : Double.toString(number);
    }

    private static String oneOf(Enum<?>[] constants) {
        return "one of "
                + String.join(", ", Arrays.stream(constants).map(Parameters::written).toList());
    }

    private static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
