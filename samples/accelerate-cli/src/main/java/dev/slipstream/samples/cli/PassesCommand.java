package dev.slipstream.samples.cli;

import dev.slipstream.pass.Knob;
import dev.slipstream.pass.PassFactory;
import dev.slipstream.pass.Passes;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists the passes that plans can name. */
@Command(
        name = "passes",
        description = "List the passes, for --pass, --gate and plans.",
        footer = {"", "Example: java -jar slipstream.jar passes"})
final class PassesCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin private JsonFile json = new JsonFile();

    PassesCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /**
     * The report.
     *
     * @param command always {@code passes}
     * @param passes by name
     */
    record Report(String command, List<KnownPass> passes) {}

    /**
     * One pass.
     *
     * @param name in plans
     * @param description what it does
     * @param knobs its parameters
     */
    record KnownPass(String name, String description, List<Knob> knobs) {
        static KnownPass of(PassFactory factory) {
            return new KnownPass(factory.name(), factory.description(), Passes.knobs(factory));
        }
    }

    @Override
    public Integer call() throws IOException {
        json.check();
        Report report =
                new Report("passes", Passes.known().values().stream().map(KnownPass::of).toList());
        PrintStream out = terminal.out();
        for (KnownPass pass : report.passes()) {
            out.println(pass.name() + ": " + pass.description());
            Table table = new Table();
            for (Knob knob : pass.knobs()) {
                String missing =
                        knob.missing().isEmpty() ? "" : ", " + knob.missing() + " if left out";
                table.row("  " + knob.name(), knob.values() + missing);
            }
            out.print(table);
        }
        json.write(report);
        return 0;
    }
}
