package dev.slipstream.spring.autoconfigure;

import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Plan;
import dev.slipstream.zoo.PlanOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the properties of one model say of its plan. */
record ModelPlan(
        @Nullable Path plan,
        @Nullable List<String> passes,
        @Nullable List<String> gates,
        @Nullable CalibrationProperties calibration) {

    /** Returns the plan; an empty one if no property is set. */
    Plan read() {
        return PlanOptions.parse(this::texts);
    }

    /** Checks every value; {@code prefix} is the full name of the model's properties. */
    void check(String prefix) {
        try {
            read();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            int colon = message.indexOf(':');
            String name = message.substring(0, Math.max(0, colon));
            boolean calibrates = List.of("text", "sequences", "length").contains(name);
            throw new SlipstreamConfigurationException(
                    prefix + (calibrates ? ".calibration." : ".") + name,
                    message.substring(colon + 1).strip(),
                    e);
        }
    }

    /**
     * Returns the property to blame where the plan cannot be carried out.
     *
     * @param prefix the full name of the model's properties
     * @param pass that could not be applied; null if it is none alone
     */
    String property(String prefix, @Nullable String pass) {
        if (plan != null) {
            return prefix + ".plan";
        }
        for (String name : List.of("passes", "gates")) {
            List<String> specs = texts(name);
            for (int i = 0; i < specs.size(); i++) {
                if (PassSpec.parse(specs.get(i)).name().equals(pass)) {
                    return "%s.%s[%d]".formatted(prefix, name, i);
                }
            }
        }
        if (pass == null && calibration != null && calibration.text() != null) {
            return prefix + ".calibration.text";
        }
        return prefix + (passes != null && !passes.isEmpty() ? ".passes" : ".gates");
    }

    private List<String> texts(String name) {
        return switch (name) {
            case "plan" -> list(plan);
            case "passes" -> whole(passes);
            case "gates" -> whole(gates);
            case "text" ->
                    calibration == null || calibration.text() == null
                            ? List.of()
                            : calibration.text().stream().map(Path::toString).toList();
            case "sequences" -> list(calibration == null ? null : calibration.sequences());
            case "length" -> list(calibration == null ? null : calibration.length());
            default -> throw new IllegalArgumentException("no property of a plan: " + name);
        };
    }

    private static List<String> list(@Nullable Object value) {
        return value == null ? List.of() : List.of(value.toString());
    }

    /**
     * Joins what Spring has cut: a list in one value is cut at all its commas, those between the
     * parameters of a pass included.
     */
    private static List<String> whole(@Nullable List<String> pieces) {
        List<String> specs = new ArrayList<>();
        int open = 0;
        for (String piece : pieces == null ? List.<String>of() : pieces) {
            boolean begins = open == 0 && piece.strip().matches("[a-z][a-z0-9-]*(:.*)?");
            if (begins || specs.isEmpty()) {
                specs.add(piece);
            } else {
                specs.add(specs.remove(specs.size() - 1) + "," + piece);
            }
            open += count(piece, '(') - count(piece, ')');
        }
        return specs;
    }

    private static int count(String text, char character) {
        return (int) text.chars().filter(c -> c == character).count();
    }
}
