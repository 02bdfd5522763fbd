package dev.slipstream.decode.draft;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.SelfDraftShape;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;

/** Opens the embedded models with a part that drafts, in one thread. */
final class StoryModels {
    private static final Path EMBEDDED =
            Path.of("../models/src/main/resources/META-INF/slipstream/models");

    private StoryModels() {}

    static LanguageModel open(String name, Precision precision) throws IOException {
        return open(name, precision, config -> SelfDraftShape.none());
    }

    static LanguageModel open(
            String name, Precision precision, Function<DecoderConfig, SelfDraftShape> shape)
            throws IOException {
        ModelFiles files = ModelFiles.of(EMBEDDED.resolve(name));
        DecoderConfig config;
        Weights weights;
        String tokenizer;
        if (Llama2c.isLlama2c(files)) {
            Llama2c checkpoint = Llama2c.read(files);
            config = checkpoint.config();
            weights = checkpoint.weights();
            tokenizer = checkpoint.tokenizerJson();
        } else {
            config = DecoderConfig.read(files);
            weights = SafeTensors.read(files);
            tokenizer = files.text("tokenizer.json");
        }
        int context = config.contextLength();
        OnnxModel graph =
                DecoderGraphs.write(name, config, weights, precision, context, shape.apply(config));
        return new LanguageModel(
                name,
                DecoderModel.open(graph, context, new RuntimeOptions(1, Spinning.OFF, 2)),
                new Tokenizer(tokenizer),
                null,
                GenerationOptions.greedy(),
                config.beginToken(),
                config.endTokens());
    }
}
