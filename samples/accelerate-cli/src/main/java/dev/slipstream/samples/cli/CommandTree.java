package dev.slipstream.samples.cli;

import dev.slipstream.zoo.Models;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code slipstream} with its sub-commands, and the exit codes of all of them. */
@Command(
        name = "slipstream",
        description = "Language models in the JVM: text, anatomy, quality, speed.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Versions.class,
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:success",
            "1:failure; one line on standard error says why",
            "2:wrong arguments",
            "130:ended by Ctrl-C"
        })
final class CommandTree implements Runnable {
    static final int FAILURE = 1;
    static final int USAGE = 2;
    static final int INTERRUPTED = 130;

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
    static int execute(Library library, Terminal terminal, String... arguments) {
        CommandTree root = new CommandTree();
        CommandLine commandLine = new CommandLine(root);
        commands(library, terminal, arguments)
                .forEach((name, command) -> commandLine.addSubcommand(name, command.get()));
        CommandLine accelerate = commandLine.getSubcommands().get("accelerate");
        if (accelerate != null) {
            AccelerateCommand.addShortNames(accelerate.getCommandSpec());
        }
        commandLine
                .setOut(new PrintWriter(terminal.out(), true))
                .setErr(new PrintWriter(terminal.err(), true))
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(100)
                .setUsageHelpLongOptionsMaxWidth(34)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(false)
                .setExecutionExceptionHandler(
                        (exception, command, parsed) ->
                                root.report(terminal, command, exception, FAILURE))
                .setParameterExceptionHandler(
                        (exception, parsed) ->
                                root.report(
                                        terminal, exception.getCommandLine(), exception, USAGE));
        try {
            return commandLine.execute(arguments);
        } catch (OutOfMemoryError | LinkageError e) {
            return root.report(terminal, commandLine, e, FAILURE);
        }
    }

    /**
     * Returns the command that is meant, where the first argument says so, else all of them: to
     * look at the options of all takes 0.3 s of every start.
     */
    private static Map<String, Supplier<Object>> commands(
            Library library, Terminal terminal, String... arguments) {
        Map<String, Supplier<Object>> all = new LinkedHashMap<>();
        all.put("generate", () -> new GenerateCommand(library, terminal));
        all.put("inspect", () -> new InspectCommand(library, terminal));
        all.put("perplexity", () -> new PerplexityCommand(library, terminal));
        all.put("evaluate", () -> new EvaluateCommand(library, terminal));
        all.put("frontier", () -> new FrontierCommand(library, terminal));
        all.put("bench", () -> new BenchCommand(library, terminal));
        all.put("blocks", () -> new BlocksCommand(library, terminal));
        all.put("throughput", () -> new ThroughputCommand(library, Models::load, terminal));
        all.put("threads", () -> new ThreadsCommand(library, terminal));
        all.put("accelerate", () -> new AccelerateCommand(library, terminal));
        all.put("passes", () -> new PassesCommand(terminal));
        all.put("random-model", () -> new RandomModelCommand(terminal));
        all.put("models", () -> new ModelsCommand(library, terminal));
        String first = arguments.length == 0 ? "" : arguments[0];
        return all.containsKey(first) ? Map.of(first, all.get(first)) : all;
    }

    private int report(Terminal terminal, CommandLine command, Throwable error, int code) {
        String name = command.getCommandSpec().qualifiedName();
        String hint = code == USAGE ? " (see '" + name + " --help')" : "";
        terminal.err().println(name + ": " + ErrorLine.of(error) + hint);
        if (debug) {
            error.printStackTrace(terminal.err());
        }
        terminal.err().flush();
        return code;
    }
}
