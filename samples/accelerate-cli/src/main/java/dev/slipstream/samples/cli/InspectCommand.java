package dev.slipstream.samples.cli;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.graph.GraphException;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.InferenceException;
import dev.slipstream.zoo.EncoderOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows what a model consists of. */
@Command(
        name = "inspect",
        description =
                "Show a model's layers, sizes and parameters, and whether Slipstream can run it.",
        sortOptions = false,
        footer = {
            "",
            "Example: java -jar slipstream.jar inspect --model ./my-model --weights int4"
        })
final class InspectCommand implements Callable<Integer> {
    private final Library library;
    private final Terminal terminal;

    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private PoolingOption pooling = new PoolingOption();
    @Mixin private JsonFile json = new JsonFile();

    InspectCommand(Library library, Terminal terminal) {
        this.library = library;
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        json.check();
        String location = model.location(library);
        InspectReport report = Models.isEncoder(location) ? encoder(location) : decoder(location);
        terminal.out().print(report);
        json.write(report);
        return 0;
    }

    private InspectReport decoder(String location) {
        pooling.requireNone(location);
        return running(
                InspectReport.of(location, library.graphs().apply(location, model.loading())),
                location);
    }

    private InspectReport encoder(String location) {
        EncoderOptions options = model.encoding(pooling.value());
        OnnxModel graph =
                model.plan().isEmpty()
                        ? Models.encoderGraph(location)
                        : Models.accelerateEncoder(location, options, model.plan(), pass -> {})
                                .graph();
        InspectReport report = InspectReport.of(location, graph);
        try (SentenceEncoder opened = Models.encoder(graph, location, options)) {
            return report.encoding(EncoderFacts.of(opened));
        } catch (CheckpointException | GraphException | InferenceException e) {
            return report.running(null, ErrorLine.of(e));
        }
    }

    /** Adds what only the open model knows; one that can be read but not run is no failure here. */
    private InspectReport running(InspectReport graph, String location) {
        try (LanguageModel opened = library.models().apply(location, model.loading())) {
            return graph.running(InspectReport.Runtime.of(opened), null);
        } catch (CheckpointException | GraphException | InferenceException e) {
            return graph.running(null, ErrorLine.of(e));
        }
    }
}
