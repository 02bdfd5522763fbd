package dev.slipstream.samples.cli;

import dev.slipstream.pass.Plan;
import dev.slipstream.zoo.PlanOptions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What is done to the model's graph before it is used. */
final class PlanFlags {
    static final String TEXT = "--calibration-text";
    static final String SEQUENCES = "--calibration-sequences";
    static final String LENGTH = "--calibration-length";

    /** By the name that {@link PlanOptions#parse} has for it: the flag. */
    private static final Map<String, String> FLAGS =
            Map.of(
                    "plan",
                    "--plan",
                    "passes",
                    "--pass",
                    "gates",
                    "--gate",
                    "text",
                    TEXT,
                    "sequences",
                    SEQUENCES,
                    "length",
                    LENGTH);

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--plan",
            paramLabel = "FILE",
            description = "Apply the passes and gates that this file lists (YAML or JSON).")
    private @Nullable String plan;

    @Option(
            names = "--pass",
            paramLabel = "SPEC",
            description =
                    "Apply this pass, such as finercut:remove=0.25; may be repeated. The command"
                            + " 'passes' lists them.")
    private List<String> passes = List.of();

    @Option(
            names = "--gate",
            paramLabel = "SPEC",
            description = "Apply this gating pass, behind the passes; may be repeated.")
    private List<String> gates = List.of();

    @Option(
            names = TEXT,
            paramLabel = "FILE",
            description =
                    "A UTF-8 text, plain or packed with gzip, that passes decide by; may be"
                            + " repeated. Not the one that the result is judged by. For a sentence"
                            + " encoder, one sentence a line.")
    private List<String> texts = List.of();

    @Option(
            names = SEQUENCES,
            paramLabel = "N",
            description =
                    "How many pieces of that text, or sentences, passes look at. Default: 10.")
    private @Nullable String sequences;

    @Option(
            names = LENGTH,
            paramLabel = "N",
            description = "Tokens of a piece; the most of a sentence. Default: 256.")
    private @Nullable String length;

    /**
     * Returns the plan; an empty one if no flag is given.
     *
     * @throws ParameterException if one is wrong; the message begins with it
     */
    Plan plan() {
        try {
            return PlanOptions.parse(this::values);
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            int colon = Math.max(0, message.indexOf(':'));
            // A flag that is repeated has no numbers on the command line.
            String name = message.substring(0, colon).replaceFirst("\\[\\d+]$", "");
            String flag = FLAGS.getOrDefault(name, "--plan");
            throw new ParameterException(command.commandLine(), flag + message.substring(colon), e);
        }
    }

    private List<String> values(String name) {
        return switch (name) {
            case "plan" -> list(plan);
            case "passes" -> passes;
            case "gates" -> gates;
            case "text" -> texts;
            case "sequences" -> list(sequences);
            case "length" -> list(length);
            default -> throw new IllegalArgumentException("no option of the command line: " + name);
        };
    }

    private static List<String> list(@Nullable String value) {
        return value == null ? List.of() : List.of(value);
    }
}
