package dev.slipstream.samples.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists the models in the jar. */
@Command(
        name = "models",
        description = "List the embedded models.",
        footer = {"", "Example: java -jar slipstream.jar models"})
final class ModelsCommand implements Callable<Integer> {
    private final Library library;
    private final Terminal terminal;

    @Mixin private JsonFile json = new JsonFile();

    ModelsCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    /**
     * The report.
     *
     * @param command always {@code models}
     * @param models the default first
     */
    record Report(String command, List<Model> models) {}

    /**
     * One model.
     *
     * @param name for {@code --model}
     * @param isDefault whether it is taken where none is named
     */
    record Model(String name, boolean isDefault) {}

    @Override
    public Integer call() throws IOException {
        json.check();
        List<String> names = library.embedded().get();
        for (String name : names) {
            terminal.out().println(name + (name.equals(names.get(0)) ? "  (default)" : ""));
        }
        json.write(
                new Report(
                        "models",
                        names.stream()
                                .map(name -> new Model(name, name.equals(names.get(0))))
                                .toList()));
        return 0;
    }
}
