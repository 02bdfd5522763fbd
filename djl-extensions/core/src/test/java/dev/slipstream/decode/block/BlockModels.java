package dev.slipstream.decode.block;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Small random models that know how to write blocks, as far as their configuration goes. */
final class BlockModels {
    /** The mask token of all of them: the last byte of the tokenizer. */
    static final int MASK = 40;

    private BlockModels() {}

    /** What is usual, of a text that goes on past its end tokens. */
    static GenerationOptions greedy(int maxTokens) {
        return GenerationOptions.builder().maxTokens(maxTokens).ignoreEndOfText(true).build();
    }

    /** Writes a model of two small layers. */
    static Path write(Path directory, long seed, int block, BlockDiffusion.Alignment alignment)
            throws IOException {
        return new RandomModel("LlamaForCausalLM", seed)
                .with("num_hidden_layers", "2")
                .with("hidden_size", "64")
                .with("num_attention_heads", "4")
                .with("num_key_value_heads", "2")
                .with("head_dim", "16")
                .with(
                        "slipstream",
                        "{\"block_diffusion\": {\"block_size\": %d, \"mask_token_id\": %d, \"alignment\": \"%s\"}}"
                                .formatted(block, MASK, alignment.name().toLowerCase(Locale.ROOT)))
                .write(directory);
    }

    /** Opens a directory in one thread. */
    static LanguageModel open(Path directory, int context) throws IOException {
        return open(directory, context, 0);
    }

    /** Opens a directory in one thread, with room for the attention of some rows. */
    static LanguageModel open(Path directory, int context, int keptRows) throws IOException {
        ModelFiles files = ModelFiles.of(directory);
        DecoderConfig config = DecoderConfig.read(files);
        return new LanguageModel(
                "tested",
                DecoderModel.open(
                        DecoderGraphs.write(
                                "tested", config, SafeTensors.read(files), Precision.FP32, context),
                        context,
                        new RuntimeOptions(1, Spinning.OFF, 2).withKeptContextRows(keptRows)),
                new Tokenizer(files.text("tokenizer.json")),
                null,
                GenerationOptions.greedy(),
                config.beginToken(),
                config.endTokens());
    }
}
