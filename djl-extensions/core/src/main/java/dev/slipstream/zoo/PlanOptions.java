package dev.slipstream.zoo;

import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.Plan;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads plans from options: of a command line, of properties, of DJL. */
public final class PlanOptions {
    private PlanOptions() {}

    /**
     * Reads a plan from texts: {@code plan} (a file), or {@code passes} and {@code gates} ({@link
     * dev.slipstream.pass.PassSpec#parse}), with {@code text} (files to calibrate by), {@code
     * sequences} and {@code length} beside either.
     *
     * @param values returns the texts of a name; none leaves it at its default
     * @throws IllegalArgumentException if a text is wrong; the message begins with its name, behind
     *     which {@code [2]} says that it is the third text of the name
     */
    public static Plan parse(Function<String, List<String>> values) {
        List<String> file = values.apply("plan");
        List<String> passes = values.apply("passes");
        List<String> gates = values.apply("gates");
        for (String name : List.of("passes", "gates")) {
            if (!file.isEmpty() && !values.apply(name).isEmpty()) {
                throw new IllegalArgumentException(
                        "%s: expected none beside the plan %s, which lists passes and gates itself, found %s"
                                .formatted(name, file.get(0), values.apply(name)));
            }
        }
        if (!file.isEmpty()) {
            return calibrated(told("plan", () -> Plan.read(Path.of(file.get(0)))), values);
        }
        each("passes", passes);
        each("gates", gates);
        told("passes", () -> Plan.of(passes, List.of(), null));
        return calibrated(told("gates", () -> Plan.of(passes, gates, null)), values);
    }

    /** Checks one by one, so that the message can say which. */
    private static void each(String name, List<String> specs) {
        for (int i = 0; i < specs.size(); i++) {
            String spec = specs.get(i);
            told("%s[%d]".formatted(name, i), () -> Passes.create(PassSpec.parse(spec)));
        }
    }

    private static Plan calibrated(Plan plan, Function<String, List<String>> values) {
        CalibrationText own = plan.calibration();
        List<String> text = values.apply("text");
        for (String name : List.of("text", "sequences", "length")) {
            if (!values.apply(name).isEmpty() && plan.isEmpty()) {
                throw new IllegalArgumentException(
                        name + ": expected passes, gates or a plan beside it, found none");
            }
            if (!values.apply(name).isEmpty() && text.isEmpty() && own == null) {
                throw new IllegalArgumentException(
                        name + ": expected a calibration text beside it, found none");
            }
        }
        if (text.isEmpty() && own == null) {
            return plan;
        }
        CalibrationText usual =
                own == null || !text.isEmpty() ? told("text", () -> text(text, own)) : own;
        int sequences = whole(values, "sequences", usual.sequences());
        int length = whole(values, "length", usual.length());
        CalibrationText counted =
                told(
                        "sequences",
                        () ->
                                new CalibrationText(
                                        usual.files(), sequences, usual.length(), usual.sha256()));
        CalibrationText whole =
                told(
                        "length",
                        () ->
                                new CalibrationText(
                                        counted.files(), sequences, length, counted.sha256()));
        return new Plan(plan.passes(), plan.gates(), whole);
    }

    private static CalibrationText text(List<String> files, @Nullable CalibrationText own) {
        return new CalibrationText(
                files.stream().map(Path::of).toList(),
                own == null ? CalibrationText.SEQUENCES : own.sequences(),
                own == null ? CalibrationText.LENGTH : own.length(),
                null);
    }

    private static int whole(Function<String, List<String>> values, String name, int missing) {
        List<String> texts = values.apply(name);
        try {
            return texts.isEmpty() ? missing : Integer.parseInt(texts.get(0).strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "%s: expected a whole number, found '%s'".formatted(name, texts.get(0)), e);
        }
    }

    /** Messages begin with a name that the caller can put its own in the place of. */
    private static <T> T told(String name, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (PassException | InvalidPathException e) {
            String message = String.valueOf(e.getMessage());
            String own = name + ": ";
            throw new IllegalArgumentException(
                    message.startsWith(own) ? message : own + message, e);
        }
    }
}
