package dev.slipstream.pass;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.ExportedDecoder.Variant;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** The forms of decoders that passes meet: each architecture in each precision, and exports. */
enum DecoderForm {
    /** Queries, keys and values in one product; one matrix embeds and gives logits. */
    LLAMA_TIED("LlamaForCausalLM", 71, Map.of("tie_word_embeddings", "true")),
    /** With all the biases that this architecture may have, and scaled angles. */
    LLAMA_BIASED(
            "LlamaForCausalLM",
            72,
            Map.of(
                    "tie_word_embeddings", "false",
                    "attention_bias", "true",
                    "rope_scaling", "{\"type\": \"linear\", \"factor\": 2.5}")),
    /** Each row sees the last five keys only. */
    MISTRAL("MistralForCausalLM", 73, Map.of("sliding_window", "5")),
    /** Biases on queries, keys and values, and a window. */
    QWEN2(
            "Qwen2ForCausalLM",
            74,
            Map.of(
                    "use_sliding_window", "true",
                    "sliding_window", "7",
                    "max_window_layers", "0")),
    /** Norms on queries and keys. */
    QWEN3("Qwen3ForCausalLM", 75, Map.of()),
    /** A past that grows by Concat, nothing fused. */
    EXPORT("LlamaForCausalLM", 76, Map.of()),
    /** Positions are counted from the mask. */
    EXPORT_WITHOUT_POSITIONS("LlamaForCausalLM", 77, Map.of(), Variant.NO_POSITION_IDS),
    /** ONNX's own attention. */
    EXPORT_WITH_ATTENTION("LlamaForCausalLM", 78, Map.of(), Variant.ATTENTION_OPERATOR),
    /** Logits of the last rows alone. */
    EXPORT_OF_LAST_LOGITS("LlamaForCausalLM", 79, Map.of(), Variant.NUM_LOGITS_TO_KEEP),
    /** An input that no node reads. */
    EXPORT_WITH_IGNORED_BRANCH("LlamaForCausalLM", 80, Map.of(), Variant.IGNORED_CACHE_BRANCH),
    /** Two decoders in the branches of an If. */
    EXPORT_MERGED("LlamaForCausalLM", 81, Map.of(), Variant.MERGED),
    /** Biases, GELU, keys and values of a layer in one tensor. */
    GPT2("gpt2/past.onnx"),
    /** Convolutions and one attention. */
    LFM2("lfm2/decoder.onnx"),
    /** 16-bit floats, and attention without tables of angles. */
    QWEN35("qwen35-gqa-fp16/decoder.onnx");

    static final int CONTEXT = 64;

    private final String origin;
    private final long seed;
    private final Map<String, String> settings;
    private final Set<Variant> variants = EnumSet.noneOf(Variant.class);

    DecoderForm(String architecture, long seed, Map<String, String> settings, Variant... variants) {
        this.origin = architecture;
        this.seed = seed;
        this.settings = settings;
        this.variants.addAll(Arrays.asList(variants));
    }

    DecoderForm(String file) {
        this(file, 0, Map.of());
    }

    private RandomModel drawn() {
        RandomModel drawn =
                new RandomModel(origin, seed)
                        .with("num_hidden_layers", "3")
                        .with("hidden_size", "64")
                        .with("intermediate_size", "128")
                        .with("num_attention_heads", "4")
                        .with("num_key_value_heads", "2")
                        .with("head_dim", "16")
                        .with("vocab_size", "90");
        settings.forEach(drawn::with);
        return drawn;
    }

    /** A form in a precision. */
    record Packed(DecoderForm form, Precision precision) {
        OnnxModel graph(Path directory) throws IOException {
            return form.graph(directory, precision);
        }
    }

    /** Returns all; only what is built from a checkpoint has other precisions than its own. */
    static Stream<Packed> all() {
        return Arrays.stream(values())
                .flatMap(
                        form ->
                                form.built()
                                        ? Arrays.stream(Precision.values())
                                                .map(precision -> new Packed(form, precision))
                                        : Stream.of(new Packed(form, Precision.FP32)));
    }

    /** Tells whether the graph is written by {@link DecoderGraphs}. */
    boolean built() {
        return ordinal() <= QWEN3.ordinal();
    }

    /** Writes what the graph is made of, if need be, and makes it. */
    OnnxModel graph(Path directory, Precision precision) throws IOException {
        if (origin.endsWith(".onnx")) {
            return OnnxModel.read(Path.of("src/test/resources/tiny-onnx-decoders").resolve(origin));
        }
        if (Files.notExists(directory.resolve("config.json"))) {
            drawn().write(directory);
        }
        if (!built()) {
            ExportedDecoder.write(directory, directory.resolve("export.onnx"), variants);
            return OnnxModel.read(directory.resolve("export.onnx"));
        }
        ModelFiles files = ModelFiles.of(directory);
        return DecoderGraphs.write(
                "tested", DecoderConfig.read(files), SafeTensors.read(files), precision, CONTEXT);
    }

    /** Draws token ids that every form knows. */
    static int[] tokens(int count) {
        return new Random(count).ints(count, 0, 90).toArray();
    }
}
