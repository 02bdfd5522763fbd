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
import java.util.function.Supplier;

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
     * @param graph as it was read or written, before the runtime adds to it; made when asked for
     * @param fingerprint that graph's
     */
    record Opened(LanguageModel model, Supplier<OnnxModel> graph, Supplier<String> fingerprint) {}

    Opened open(ModelSource source) {
        // Before the graph is made, which takes a while.
        Device device = options.device().resolve();
        refuseDraftsThatCannotBe(source);
        new BlockOpener(options).refuse(source);
        TokenizerLoad load = new TokenizerLoad(source);
        DecoderModel decoder = null;
        try {
            OpenDecoder opened =
                    new DecoderOpener(source, options, runtime(source, device), load::get).open();
            decoder = opened.decoder();
            Tokenizer tokenizer = load.get();
            checkIds(source, tokenizer, decoder.vocabularySize());
            new FormChoice(options).set(decoder);
            LanguageModel model =
                    new LanguageModel(
                            source.name(),
                            decoder,
                            tokenizer,
                            SourceTexts.template(source.files()),
                            defaults(source.files()),
                            opened.beginToken(),
                            opened.endTokens());
            return new Opened(model, opened.graph(), opened.fingerprint());
        } catch (RuntimeException e) {
            if (decoder != null) {
                decoder.close();
            }
            // A tokenizer that cannot be read is told first, as it is the cheaper one to mend.
            load.get().close();
            throw e;
        }
    }

    /** Returns a model's graph, what the plan makes of it, without running it. */
    OnnxModel graph(ModelSource source) {
        refuseDraftsThatCannotBe(source);
        SourceGraph read = SourceGraph.read(source, options);
        Accelerator accelerator = new Accelerator(options);
        if (options.plan().calibration() == null) {
            return new FormChoice(options).graph(accelerator.graph(source, read, null));
        }
        try (Tokenizer tokenizer = SourceTexts.tokenizer(source)) {
            return new FormChoice(options).graph(accelerator.graph(source, read, tokenizer));
        }
    }

    private void refuseDraftsThatCannotBe(ModelSource source) {
        if (!drafting.draftsItself()) {
            return;
        }
        if (options.prefill().weights() != PrefillWeights.SAME) {
            throw new CheckpointException(
                    "%s: expected no prefill weights beside the drafters slice and layer-skip, whose gates may not lie within the choice of weights, found %s; draft with prompt-lookup, corpus or model, or leave the prefill weights out"
                            .formatted(source.name(), options.prefill().weights()));
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

    private RuntimeOptions runtime(ModelSource source, Device device) {
        int threads = options.threads() == 0 ? RuntimeOptions.defaultThreads() : options.threads();
        int requests = options.batching().maxActive();
        return new RuntimeOptions(
                        threads, options.spinning(), requests, Math.min(requests, MOST_TOGETHER))
                .withDevice(device)
                .withKeptContextRows(new BlockOpener(options).keptContextRows(source));
    }
}
