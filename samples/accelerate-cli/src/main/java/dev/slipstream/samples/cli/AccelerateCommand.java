package dev.slipstream.samples.cli;

import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PassReport;
import dev.slipstream.pass.Plan;
import dev.slipstream.zoo.AcceleratedModel;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.ModelDirectory;
import dev.slipstream.zoo.ModelDirectory.Existing;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes what passes make of a model as a model directory. */
@Command(
        name = "accelerate",
        description =
                "Apply passes to a model and write the result as a model directory, which every"
                        + " ONNX Runtime opens.",
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar accelerate --model ./my-model --pass"
                    + " finercut:remove=0.25 --text stories.txt --out ./my-fast-model"
        })
final class AccelerateCommand implements Callable<Integer> {
    private static final Map<String, String> SHORT_NAMES =
            Map.of(
                    PlanFlags.TEXT,
                    "--text",
                    PlanFlags.SEQUENCES,
                    "--sequences",
                    PlanFlags.LENGTH,
                    "--length");

    private final Library library;
    private final Terminal terminal;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private PoolingOption pooling = new PoolingOption();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            required = true,
            description = "The directory to write.")
    private Path out = Path.of("");

    @Option(
            names = "--force",
            description = "Replace the directory, if an earlier run of this command wrote it.")
    private boolean force;

    AccelerateCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    /** Gives the calibration's options shorter names too: here no other text is meant. */
    static void addShortNames(CommandSpec spec) {
        SHORT_NAMES.forEach(
                (name, shorter) -> {
                    OptionSpec option = spec.findOption(name);
                    spec.remove(option);
                    spec.addOption(option.toBuilder().names(shorter, name).build());
                });
    }

    @Override
    public Integer call() throws IOException {
        LoadOptions options = model.loading();
        Plan plan = options.plan();
        if (plan.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "--plan: expected it, --pass or --gate, found none");
        }
        Existing existing = force ? Existing.REPLACED : Existing.REFUSED;
        String location = model.location(library);
        ModelDirectory.check(out, existing, location);
        boolean encoder = Models.isEncoder(location);
        if (!encoder) {
            pooling.requireNone(location);
        }
        AcceleratedModel accelerated;
        try (PassBars bars = new PassBars(terminal, plan.inOrder().size())) {
            accelerated =
                    encoder
                            ? Models.accelerateEncoder(
                                    location, model.encoding(pooling.value()), plan, bars)
                            : Models.accelerate(location, options, bars);
        }
        for (PassReport report : accelerated.reports()) {
            terminal.out().println(report.pass());
            report.lines().forEach(line -> terminal.out().println("  " + line));
        }
        ModelDirectory.write(accelerated, out, existing);
        terminal.out()
                .print(
                        new Table()
                                .row("before", size(accelerated.original()))
                                .row("after", size(accelerated.graph()))
                                .row("written", out.toString()));
        return 0;
    }

    private static String size(OnnxModel graph) {
        return Table.format("%,d bytes: ", Anatomy.of(graph).bytes())
                + StoredWeights.bytes(graph).entrySet().stream()
                        .map(e -> Table.format("%s %,d", e.getKey(), e.getValue()))
                        .collect(Collectors.joining(", "));
    }
}
