package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ImportedConfig;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.RotaryTables;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's graph as its files give it, before any pass, and what they say of its texts.
 *
 * @param graph written from a checkpoint, or read from a file
 * @param contextLength the most tokens of prompt and answer
 * @param beginToken id that begins a text; null if there is none
 * @param endTokens ids that end a text
 */
record SourceGraph(
        OnnxModel graph, int contextLength, @Nullable Integer beginToken, Set<Integer> endTokens) {
    /** Keys and values take memory by the token: more than this must be asked for. */
    private static final int DEFAULT_CONTEXT = 4096;

    private static final int UNKNOWN_CONTEXT = 2048;

    /** Copies the set. */
    SourceGraph {
        endTokens = Set.copyOf(endTokens);
    }

    /**
     * Reads a model.
     *
     * @param options a plan among them has checkpoints written as 32-bit floats, for its passes
     */
    static SourceGraph read(ModelSource source, LoadOptions options) {
        if (source instanceof ModelSource.Onnx onnx) {
            return imported(onnx, options.contextLength());
        }
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
        int contextLength =
                contextLength(
                        config.contextLength(), source.files().location(), options.contextLength());
        OnnxModel graph = written(source.name(), config, weights, contextLength, options);
        return new SourceGraph(graph, contextLength, config.beginToken(), config.endTokens());
    }

    private static OnnxModel written(
            String name,
            DecoderConfig config,
            Weights weights,
            int contextLength,
            LoadOptions options) {
        if (options.plan().isEmpty() && options.prefill().weights() == PrefillWeights.INT8) {
            return DecoderGraphs.writeTwoForms(
                    name, config, weights, options.precision(), contextLength);
        }
        return DecoderGraphs.write(
                name,
                config,
                weights,
                options.plan().isEmpty() ? options.precision() : Precision.FP32,
                contextLength,
                new DraftingOpener(options).shape(config, name));
    }

    private static SourceGraph imported(ModelSource.Onnx source, int asked) {
        try {
            ImportedConfig config = ImportedConfig.read(source.files());
            OnnxModel graph = OnnxModel.read(source.file());
            return new SourceGraph(
                    graph,
                    contextLength(source, config, graph, asked),
                    config.beginToken(),
                    config.endTokens());
        } catch (IOException e) {
            throw new CheckpointException(
                    "%s cannot be read: %s".formatted(source.files().location(), e.getMessage()),
                    e);
        }
    }

    /** What the files say, but no position beyond the graph's rotary table. */
    private static int contextLength(
            ModelSource.Onnx source, ImportedConfig config, OnnxModel graph, int asked) {
        OptionalInt table = RotaryTables.positions(graph);
        Integer declared = config.contextLength();
        if (table.isPresent() && (declared == null || table.getAsInt() < declared)) {
            return contextLength(table.getAsInt(), source.file() + ", rotary table", asked);
        }
        if (declared != null) {
            return contextLength(declared, source.files().location(), asked);
        }
        return asked == 0 ? UNKNOWN_CONTEXT : asked;
    }

    private static int contextLength(int most, String where, int asked) {
        if (asked == 0) {
            return Math.min(most, DEFAULT_CONTEXT);
        }
        if (asked > most) {
            throw new CheckpointException(
                    "%s: expected a context length of at most the model's %d, found %d in the options; ask for fewer tokens, or for 0 to get the model's own"
                            .formatted(where, most, asked));
        }
        return asked;
    }
}
