package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.GenerationConfig;
import dev.slipstream.checkpoint.ImportedConfig;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.decode.ChatTemplate;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.RotaryTables;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** From files to a model that runs. */
final class ModelOpener {
    /** Keys and values take memory by the token: more than this must be asked for. */
    private static final int DEFAULT_CONTEXT = 4096;

    private static final int UNKNOWN_CONTEXT = 2048;

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
        return source instanceof ModelSource.Onnx onnx ? imported(onnx) : built(source);
    }

    OnnxModel graph(ModelSource source) {
        try {
            return source instanceof ModelSource.Onnx onnx
                    ? OnnxModel.read(onnx.file())
                    : checkpoint(source).graph();
        } catch (IOException e) {
            throw unreadable(source, e);
        }
    }

    /** A checkpoint with its graph and the text of its tokenizer. */
    private record Checkpoint(DecoderConfig config, OnnxModel graph, int contextLength) {}

    private Checkpoint checkpoint(ModelSource source) {
        DecoderConfig config;
        Weights weights;
        if (source instanceof ModelSource.Llama2C) {
            Llama2c checkpoint = Llama2c.read(source.files());
            config = checkpoint.config();
            weights = checkpoint.weights();
        } else {
            config = DecoderConfig.read(source.files());
            weights = SafeTensors.read(source.files());
        }
        int contextLength = contextLength(config.contextLength(), source.files().location());
        OnnxModel graph =
                DecoderGraphs.write(
                        source.name(),
                        config,
                        weights,
                        options.precision(),
                        contextLength,
                        drafting.shape(config, source.name()));
        return new Checkpoint(config, graph, contextLength);
    }

    private Opened built(ModelSource source) {
        Tokenizer tokenizer = tokenizer(source);
        DecoderModel decoder = null;
        try {
            Checkpoint checkpoint = checkpoint(source);
            checkIds(source, tokenizer, checkpoint.config().vocabularySize());
            decoder = DecoderModel.open(checkpoint.graph(), checkpoint.contextLength(), runtime());
            LanguageModel model =
                    model(
                            source,
                            decoder,
                            tokenizer,
                            checkpoint.config().beginToken(),
                            checkpoint.config().endTokens());
            return new Opened(model, checkpoint.graph());
        } catch (RuntimeException e) {
            close(decoder, tokenizer);
            throw e;
        }
    }

    private static void close(@Nullable DecoderModel decoder, Tokenizer tokenizer) {
        if (decoder != null) {
            decoder.close();
        }
        tokenizer.close();
    }

    private Opened imported(ModelSource.Onnx source) {
        if (drafting.draftsItself()) {
            throw new CheckpointException(
                    "%s: expected a checkpoint whose graph is written here for the drafters slice and layer-skip, found an ONNX file; draft with prompt-lookup, corpus or model"
                            .formatted(source.file()));
        }
        Tokenizer tokenizer = tokenizer(source);
        DecoderModel decoder = null;
        try {
            ImportedConfig config = ImportedConfig.read(source.files());
            OnnxModel graph = OnnxModel.read(source.file());
            int contextLength = contextLength(source, config, graph);
            // Of the form that is written here: it gets what the runtime adds to such graphs.
            boolean own =
                    graph.inputs().stream()
                            .anyMatch(input -> input.getName().equals("logit_positions"));
            decoder =
                    own
                            ? DecoderModel.open(graph, contextLength, runtime())
                            : DecoderModel.open(source.file(), contextLength, runtime());
            checkIds(source, tokenizer, decoder.vocabularySize());
            LanguageModel model =
                    model(source, decoder, tokenizer, config.beginToken(), config.endTokens());
            return new Opened(model, graph);
        } catch (IOException e) {
            tokenizer.close();
            throw unreadable(source, e);
        } catch (RuntimeException e) {
            close(decoder, tokenizer);
            throw e;
        }
    }

    private LanguageModel model(
            ModelSource source,
            DecoderModel decoder,
            Tokenizer tokenizer,
            @Nullable Integer beginToken,
            Set<Integer> endTokens) {
        return new LanguageModel(
                source.name(),
                decoder,
                tokenizer,
                template(source.files()),
                defaults(source.files()),
                beginToken,
                endTokens);
    }

    private static void checkIds(ModelSource source, Tokenizer tokenizer, int logits) {
        if (tokenizer.highestId() >= logits) {
            throw new CheckpointException(
                    "%s/tokenizer.json: expected ids below %d, the number of the model's logits, found ids up to %d; take tokenizer and weights from the same model"
                            .formatted(source.files().location(), logits, tokenizer.highestId()));
        }
    }

    private static Tokenizer tokenizer(ModelSource source) {
        ModelFiles files = source.files();
        String where = files.location() + "/tokenizer.json";
        String json;
        if (source instanceof ModelSource.Llama2C) {
            where = files.location() + ", the tokenizer";
            json = Llama2c.read(files).tokenizerJson();
        } else {
            json = text(files, "tokenizer.json");
        }
        if (json == null) {
            throw new CheckpointException(
                    where + ": expected a file, found none; take it from the model's origin");
        }
        try {
            return new Tokenizer(json);
        } catch (IOException e) {
            throw new CheckpointException(
                    "%s: %s; take the file from the model's origin"
                            .formatted(where, e.getMessage()),
                    e);
        }
    }

    private static @Nullable ChatTemplate template(ModelFiles files) {
        return ChatTemplate.read(
                        text(files, "tokenizer_config.json"),
                        text(files, "chat_template.jinja"),
                        text(files, "chat_template.json"))
                .orElse(null);
    }

    private static @Nullable String text(ModelFiles files, String file) {
        try {
            return files.contains(file) ? files.text(file) : null;
        } catch (IOException e) {
            throw new CheckpointException(
                    "%s/%s cannot be read: %s".formatted(files.location(), file, e.getMessage()),
                    e);
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

    /** What the files say, but no position beyond the graph's rotary table. */
    private int contextLength(ModelSource.Onnx source, ImportedConfig config, OnnxModel graph) {
        OptionalInt table = RotaryTables.positions(graph);
        Integer declared = config.contextLength();
        if (table.isPresent() && (declared == null || table.getAsInt() < declared)) {
            return contextLength(table.getAsInt(), source.file() + ", rotary table");
        }
        if (declared != null) {
            return contextLength(declared, source.files().location());
        }
        return options.contextLength() == 0 ? UNKNOWN_CONTEXT : options.contextLength();
    }

    private int contextLength(int most, String where) {
        if (options.contextLength() == 0) {
            return Math.min(most, DEFAULT_CONTEXT);
        }
        if (options.contextLength() > most) {
            throw new CheckpointException(
                    "%s: expected a context length of at most the model's %d, found %d in the options; ask for fewer tokens, or for 0 to get the model's own"
                            .formatted(where, most, options.contextLength()));
        }
        return options.contextLength();
    }

    private RuntimeOptions runtime() {
        int threads = options.threads() == 0 ? RuntimeOptions.defaultThreads() : options.threads();
        int requests = options.batching().maxActive();
        return new RuntimeOptions(
                threads, options.spinning(), requests, Math.min(requests, MOST_TOGETHER));
    }

    private static CheckpointException unreadable(ModelSource source, IOException e) {
        return new CheckpointException(
                "%s cannot be read: %s".formatted(source.files().location(), e.getMessage()), e);
    }
}
