package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.GenerationConfig;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PassException;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.RuntimeOptions;
import org.jspecify.annotations.Nullable;

/** From files to a model that runs. */
final class ModelOpener {
    /** Each is an input of every attention; further requests go into a second run. */
    private static final int MOST_TOGETHER = 32;

    private final LoadOptions options;
    private final DraftingOpener drafting;

    ModelOpener(LoadOptions options) {
        this.options = options;
        this.drafting = new DraftingOpener(options);
    }

    /**
     * A model that runs.
     *
     * @param graph as it was read or written, before the runtime adds to it
     */
    record Opened(LanguageModel model, OnnxModel graph) {}

    Opened open(ModelSource source) {
        // Before the graph is made, which takes a while.
        Device device = options.device().resolve();
        refuseDraftsThatCannotBe(source);
        Tokenizer tokenizer = SourceTexts.tokenizer(source);
        DecoderModel decoder = null;
        try {
            SourceGraph read = SourceGraph.read(source, options);
            OnnxModel graph = new Accelerator(options).graph(source, read, tokenizer);
            decoder =
                    source instanceof ModelSource.Onnx onnx && graph == read.graph() && !own(graph)
                            ? DecoderModel.open(onnx.file(), read.contextLength(), runtime(device))
                            : DecoderModel.open(graph, read.contextLength(), runtime(device));
            checkIds(source, tokenizer, decoder.vocabularySize());
            LanguageModel model =
                    new LanguageModel(
                            source.name(),
                            decoder,
                            tokenizer,
                            SourceTexts.template(source.files()),
                            defaults(source.files()),
                            read.beginToken(),
                            read.endTokens());
            return new Opened(model, graph);
        } catch (RuntimeException e) {
            close(decoder, tokenizer);
            throw e;
        }
    }

    /** Returns a model's graph, what the plan makes of it, without running it. */
    OnnxModel graph(ModelSource source) {
        refuseDraftsThatCannotBe(source);
        SourceGraph read = SourceGraph.read(source, options);
        Accelerator accelerator = new Accelerator(options);
        if (options.plan().calibration() == null) {
            return accelerator.graph(source, read, null);
        }
        try (Tokenizer tokenizer = SourceTexts.tokenizer(source)) {
            return accelerator.graph(source, read, tokenizer);
        }
    }

    /** Of the form that is written here: it gets what the runtime adds to such graphs. */
    private static boolean own(OnnxModel graph) {
        return graph.inputs().stream().anyMatch(input -> input.getName().equals("logit_positions"));
    }

    private void refuseDraftsThatCannotBe(ModelSource source) {
        if (!drafting.draftsItself()) {
            return;
        }
        if (source instanceof ModelSource.Onnx onnx) {
            throw new CheckpointException(
                    "%s: expected a checkpoint whose graph is written here for the drafters slice and layer-skip, found an ONNX file; draft with prompt-lookup, corpus or model"
                            .formatted(onnx.file()));
        }
        if (!options.plan().isEmpty()) {
            throw new PassException(
                    "%s: expected no plan beside the drafters slice and layer-skip, whose parts are cut from the whole graph, found %s; draft with prompt-lookup, corpus or model"
                            .formatted(source.name(), options.plan().inOrder()));
        }
    }

    private static void close(@Nullable DecoderModel decoder, Tokenizer tokenizer) {
        if (decoder != null) {
            decoder.close();
        }
        tokenizer.close();
    }

    private static void checkIds(ModelSource source, Tokenizer tokenizer, int logits) {
        if (tokenizer.highestId() >= logits) {
            throw new CheckpointException(
                    "%s/tokenizer.json: expected ids below %d, the number of the model's logits, found ids up to %d; take tokenizer and weights from the same model"
                            .formatted(source.files().location(), logits, tokenizer.highestId()));
        }
    }

    private static GenerationOptions defaults(ModelFiles files) {
        GenerationConfig advice = GenerationConfig.read(files);
        GenerationOptions.Builder builder = GenerationOptions.builder();
        if (advice.maxNewTokens() != null) {
            builder.maxTokens(advice.maxNewTokens());
        }
        if (advice.temperature() != null) {
            builder.temperature(advice.temperature());
        }
        if (advice.topK() != null) {
            builder.topK(advice.topK());
        }
        if (advice.topP() != null) {
            builder.topP(advice.topP());
        }
        if (advice.minP() != null) {
            builder.minP(advice.minP());
        }
        if (advice.repetitionPenalty() != null) {
            builder.repetitionPenalty(advice.repetitionPenalty());
        }
        return builder.build();
    }

    private RuntimeOptions runtime(Device device) {
        int threads = options.threads() == 0 ? RuntimeOptions.defaultThreads() : options.threads();
        int requests = options.batching().maxActive();
        return new RuntimeOptions(
                threads, options.spinning(), requests, Math.min(requests, MOST_TOGETHER), device);
    }
}
