package dev.slipstream.checkpoint;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads Hugging Face's {@code config.json}. A field that is absent has the value that the
 * architecture's configuration class gives it; what the graphs cannot do is refused by name.
 */
final class ConfigReader {
    private final JsonFields config;
    private final Architecture architecture;

    private ConfigReader(JsonFields config) {
        this.config = config;
        this.architecture = Architecture.of(config);
    }

    static DecoderConfig read(ModelFiles files) {
        if (!files.contains("config.json")) {
            throw new CheckpointException(
                    files.location()
                            + "/config.json: expected a file, found none; is this a model directory?");
        }
        ConfigReader reader = new ConfigReader(JsonFields.read(files, "config.json"));
        @Nullable JsonFields generation =
                files.contains("generation_config.json")
                        ? JsonFields.read(files, "generation_config.json")
                        : null;
        try {
            return reader.decoder(generation);
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(reader.config.where() + ": " + e.getMessage(), e);
        }
    }

    private DecoderConfig decoder(@Nullable JsonFields generation) {
        refuseWhatIsNotLlama();
        int hiddenSize = config.integer("hidden_size");
        int heads = config.integer("num_attention_heads");
        int layers = config.integer("num_hidden_layers");
        RotaryScaling rotary = new RotaryReader(config).read();
        return new DecoderConfig(
                architecture.className(),
                hiddenSize,
                layers,
                heads,
                config.integer("num_key_value_heads", heads),
                headSize(hiddenSize, heads),
                config.integer("intermediate_size"),
                config.integer("vocab_size"),
                contextLength(rotary),
                config.number("rms_norm_eps", 1e-6),
                rotary,
                config.flag("tie_word_embeddings", false),
                architecture == Architecture.QWEN3,
                attentionBias(),
                slidingWindow(layers),
                endTokens(generation),
                beginToken(generation),
                feedForwardGranularities(),
                blockDiffusion());
    }

    /** An entry of Slipstream's own: Hugging Face has none for nested feed-forwards. */
    private List<Integer> feedForwardGranularities() {
        JsonFields own = config.fieldsOrNull("slipstream");
        return own == null ? List.of() : List.copyOf(own.integers("ffn_granularities"));
    }

    /** An entry of Slipstream's own too. */
    private @Nullable BlockDiffusion blockDiffusion() {
        JsonFields own = config.fieldsOrNull("slipstream");
        JsonFields blocks = own == null ? null : own.fieldsOrNull("block_diffusion");
        return blocks == null
                ? null
                : new BlockDiffusion(
                        blocks.integer("block_size"),
                        blocks.integer("mask_token_id"),
                        alignment(blocks));
    }

    private static BlockDiffusion.Alignment alignment(JsonFields blocks) {
        String text = blocks.textOrNull("alignment");
        for (BlockDiffusion.Alignment alignment : BlockDiffusion.Alignment.values()) {
            if (text == null || text.equals(alignment.name().toLowerCase(Locale.ROOT))) {
                return alignment;
            }
        }
        throw blocks.wrong("alignment", "shifted or aligned", text);
    }

    private void refuseWhatIsNotLlama() {
        String activation = config.textOrNull("hidden_act");
        if (activation != null && !activation.equals("silu")) {
            throw config.wrong("hidden_act", "silu, the only one of this architecture", activation);
        }
        if (config.flag("mlp_bias", false)) {
            throw config.wrong("mlp_bias", "false: feed-forwards with biases are not known", true);
        }
        for (String experts : List.of("num_local_experts", "num_experts", "n_routed_experts")) {
            if (config.integer(experts, 1) > 1) {
                throw config.wrong(
                        experts,
                        "none: mixtures of experts are not known",
                        config.integer(experts));
            }
        }
        if (config.has("quantization_config")) {
            throw config.wrong(
                    "quantization_config",
                    "none: take the model's f32, f16 or bf16 weights, Slipstream quantises them itself",
                    config.object().get("quantization_config"));
        }
    }

    private int headSize(int hiddenSize, int heads) {
        Integer given = config.integerOrNull("head_dim");
        if (given != null) {
            return given;
        }
        if (architecture == Architecture.QWEN3) {
            return 128;
        }
        if (heads < 1 || hiddenSize % heads != 0) {
            throw config.wrong(
                    "hidden_size",
                    "a multiple of num_attention_heads " + heads + ", since there is no head_dim",
                    hiddenSize);
        }
        return hiddenSize / heads;
    }

    /** YaRN reaches beyond the given length: Qwen's configurations keep the original one there. */
    private int contextLength(RotaryScaling rotary) {
        int given = config.integer("max_position_embeddings");
        if (rotary instanceof RotaryScaling.Yarn yarn) {
            return Math.max(given, (int) (yarn.originalContextLength() * yarn.factor()));
        }
        return given;
    }

    private boolean attentionBias() {
        return switch (architecture) {
            case QWEN2 -> true;
            case LLAMA, QWEN3 -> config.flag("attention_bias", false);
            case MISTRAL -> false;
        };
    }

    private @Nullable Integer slidingWindow(int layers) {
        if (architecture == Architecture.LLAMA) {
            return null;
        }
        // An explicit null is "no window"; only a field that is not there has the default of 4,096.
        Integer window =
                config.object().has("sliding_window")
                        ? config.integerOrNull("sliding_window")
                        : Integer.valueOf(4096);
        if (architecture == Architecture.MISTRAL) {
            return window;
        }
        if (window == null || !config.flag("use_sliding_window", false)) {
            return null;
        }
        List<String> types = config.texts("layer_types");
        long sliding =
                types.isEmpty()
                        ? layers - Math.min(layers, config.integer("max_window_layers", 28))
                        : types.stream().filter("sliding_attention"::equals).count();
        if (sliding == 0) {
            return null;
        }
        if (sliding != layers) {
            throw config.wrong(
                    "sliding_window",
                    "a window in all layers or in none",
                    "one in %d of %d".formatted(sliding, layers));
        }
        return window;
    }

    private Set<Integer> endTokens(@Nullable JsonFields generation) {
        if (generation != null && generation.has("eos_token_id")) {
            return generation.integers("eos_token_id");
        }
        return config.integers("eos_token_id");
    }

    private @Nullable Integer beginToken(@Nullable JsonFields generation) {
        Integer given = config.integerOrNull("bos_token_id");
        return given == null && generation != null
                ? generation.integerOrNull("bos_token_id")
                : given;
    }
}
