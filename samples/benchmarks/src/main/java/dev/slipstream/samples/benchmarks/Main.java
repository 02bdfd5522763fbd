package dev.slipstream.samples.benchmarks;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program {@code benchmarks.jar}. */
@Command(
        name = "benchmarks",
        description = "Measure Slipstream: against its peers, and part by part.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        subcommands = {CompareCommand.class, MicroCommand.class, DenoisingCommand.class})
public final class Main implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code: 0 for success, 1 for a failure, 2
     * for wrong arguments.
     *
     * @param arguments the command and its options
     */
    public static void main(String[] arguments) {
        // The models and the native code are in the jar: nothing may be fetched.
        System.setProperty("ai.djl.offline", "true");
        System.exit(execute(arguments));
    }

    /** Runs a command line and returns the exit code. */
    static int execute(String... arguments) {
        CommandLine commands = new CommandLine(new Main());
        // JMH's options are JMH's to read.
        commands.getSubcommands()
                .get("micro")
                .setUnmatchedOptionsArePositionalParams(true)
                .setUnmatchedOptionsAllowedAsOptionParameters(true);
        return commands.setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(100)
                .setUsageHelpLongOptionsMaxWidth(34)
                .setExecutionExceptionHandler(Main::failure)
                .execute(arguments);
    }

    private static int failure(
            Exception error, CommandLine command, CommandLine.ParseResult parsed) {
        if (error instanceof IllegalArgumentException || error instanceof java.io.IOException) {
            command.getErr()
                    .println(command.getCommandSpec().qualifiedName() + ": " + error.getMessage());
        } else {
            error.printStackTrace(command.getErr());
        }
        command.getErr().flush();
        return 1;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "expected a command: " + String.join(", ", spec.subcommands().keySet()));
    }
}
