package dev.slipstream.samples.cli;

import dev.slipstream.decode.InvalidOptionException;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The error of an option that a model or a record refuses, by its name on the command line. */
final class WrongOption {
    private WrongOption() {}

    static ParameterException of(CommandLine command, InvalidOptionException e) {
        String message = e.getMessage();
        String rest = message == null ? "" : message.replaceFirst("^" + e.option(), "");
        return new ParameterException(command, flag(e.option()) + rest, e);
    }

    /** Returns the command line's name of a component of the options of a text. */
    private static String flag(String component) {
        return switch (component) {
            case "stopStrings" -> "--stop";
            case "topLogProbabilities" -> "--logprobs";
            case "deadline" -> "--timeout";
            case "millisPerToken" -> "--ms-per-token";
            case "ignoreEndOfText" -> "--ignore-end";
            default -> "--" + component.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
        };
    }
}
