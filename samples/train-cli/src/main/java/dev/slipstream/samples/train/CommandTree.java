package dev.slipstream.samples.train;

import java.io.PrintStream;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code train} with its sub-commands, and the exit codes of all of them. */
@Command(
        name = "train",
        description = "Train language models in the JVM.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:success",
            "1:failure; one line on standard error says why",
            "2:wrong arguments"
        })
final class CommandTree implements Runnable {
    static final int FAILURE = 1;
    static final int USAGE = 2;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Show the stack trace of an error.")
    private boolean debug;

    @Spec private CommandSpec spec = CommandSpec.create();

    private CommandTree() {}

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "expected a command: " + String.join(", ", spec.subcommands().keySet()));
    }

    /** Runs a command line and returns the exit code; throws nothing. */
    static int execute(PrintStream out, PrintStream err, boolean bars, String... arguments) {
        CommandTree root = new CommandTree();
        CommandLine commandLine = new CommandLine(root);
        Session session = new Session(out, err, bars);
        commandLine
                .addSubcommand("pretrain", new PretrainCommand(session))
                .addSubcommand("matformer", new MatFormerCommand(session))
                .addSubcommand("distil", new DistilCommand(session))
                .addSubcommand("adapt", new AdaptCommand(session))
                .addSubcommand("synthetic", new SyntheticCommand());
        commandLine
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(100)
                .setUsageHelpLongOptionsMaxWidth(34)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(
                        (exception, command, parsed) ->
                                root.report(err, command, exception, code(exception)))
                .setParameterExceptionHandler(
                        (exception, parsed) ->
                                root.report(err, exception.getCommandLine(), exception, USAGE));
        try {
            return commandLine.execute(arguments);
        } catch (OutOfMemoryError | LinkageError e) {
            return root.report(err, commandLine, e, FAILURE);
        }
    }

    /** Settings check themselves; what they refuse was a wrong option. */
    private static int code(Exception exception) {
        return exception instanceof IllegalArgumentException ? USAGE : FAILURE;
    }

    private int report(PrintStream err, CommandLine command, Throwable error, int code) {
        String name = command.getCommandSpec().qualifiedName();
        String hint = code == USAGE ? " (see '" + name + " --help')" : "";
        String message = error.getMessage() == null ? error.toString() : error.getMessage();
        err.println(name + ": " + message.strip().replaceAll("\\s*\\R\\s*", "; ") + hint);
        if (debug) {
            error.printStackTrace(err);
        }
        return code;
    }
}
