package dev.slipstream.samples.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The errors of a command line whose options are well formed and make no sense. */
final class Usage {
    private Usage() {}

    static ParameterException error(CommandSpec spec, String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    static void requireAtLeast(CommandSpec spec, String option, int least, int found) {
        if (found < least) {
            throw error(spec, "%s: expected %d or more, found %d".formatted(option, least, found));
        }
    }
}
