package dev.slipstream.pass;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The parameters of one pass in a plan, read by name and type. */
public final class Parameters {
    private final PassSpec spec;
    private final Set<String> known = new LinkedHashSet<>();

    /** Constructs what a plan says of a pass. */
    public Parameters(PassSpec spec) {
        this.spec = spec;
    }

    /** Returns what the plan says, in full. */
    public PassSpec spec() {
        return spec;
    }

    /** Returns a text; null if it is left out. */
    public @Nullable String text(String name) {
        known.add(name);
        return spec.parameters().get(name);
    }

    /** Returns a whole number between two bounds, or a default. */
    public int whole(String name, int missing, int least, int most) {
        String value = text(name);
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
        throw wrong(name, "a whole number of %d to %d".formatted(least, most), value);
    }

    /** Returns a number between two bounds, or a default. */
    public double number(String name, double missing, double least, double most) {
        String value = text(name);
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
        throw wrong(name, "a number of %s to %s".formatted(least, most), value);
    }

    /** Returns {@code true} or {@code false}, or a default. */
    public boolean flag(String name, boolean missing) {
        String value = text(name);
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
        String value = text(name);
        if (value == null) {
            return missing;
        }
        E[] constants = missing.getDeclaringClass().getEnumConstants();
        for (E constant : constants) {
            if (written(constant).equals(value)) {
                return constant;
            }
        }
        throw wrong(
                name,
                "one of "
                        + String.join(
                                ", ", Arrays.stream(constants).map(Parameters::written).toList()),
                value);
    }

    /** Returns whole numbers of at least a bound, separated by commas; empty if left out. */
    public List<Integer> wholes(String name, int least) {
        String value = text(name);
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
            throw wrong(
                    name,
                    "whole numbers of at least %d, separated by commas".formatted(least),
                    value);
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
            if (!known.contains(name)) {
                throw new PassException(
                        "pass %s: expected one of the parameters %s, found %s"
                                .formatted(spec.name(), known, name));
            }
        }
    }

    private static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
