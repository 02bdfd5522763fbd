package dev.slipstream.checkpoint;

import static dev.slipstream.checkpoint.SafeTensorsTest.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderConfigTest {
    @TempDir private Path directory;

    private ConfigFile llama() {
        return new ConfigFile(directory, "LlamaForCausalLM");
    }

    private ConfigFile qwen2() {
        return new ConfigFile(directory, "Qwen2ForCausalLM");
    }

    private ConfigFile mistral() {
        return new ConfigFile(directory, "MistralForCausalLM");
    }

    @Test
    void readsALlama() {
        assertThat(llama().read())
                .isEqualTo(
                        new DecoderConfig(
                                "LlamaForCausalLM",
                                32,
                                2,
                                4,
                                2,
                                8,
                                48,
                                100,
                                64,
                                1e-5,
                                new RotaryScaling.None(10000),
                                false,
                                false,
                                false,
                                null,
                                Set.of(2),
                                1,
                                List.of(),
                                null));
    }

    @Test
    void readsHowBlocksAreWritten() {
        assertThat(
                        llama().with(
                                        "slipstream",
                                        "{\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 9}}")
                                .read()
                                .blockDiffusion())
                .isEqualTo(new BlockDiffusion(8, 9, BlockDiffusion.Alignment.SHIFTED));
        assertThat(
                        llama().with(
                                        "slipstream",
                                        "{\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 9, \"alignment\": \"aligned\"}}")
                                .read()
                                .blockDiffusion())
                .isEqualTo(new BlockDiffusion(8, 9, BlockDiffusion.Alignment.ALIGNED));
    }

    @Test
    void refusesAMaskTokenOutsideOfTheVocabulary() {
        ConfigFile config =
                llama().with(
                                "slipstream",
                                "{\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 100}}");
        assertThatThrownBy(config::read)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("mask token: expected an id of 0 to 99, found 100");
    }

    @Test
    void readsTheWidthsOfNestedFeedForwards() {
        assertThat(
                        llama().with("slipstream", "{\"ffn_granularities\": [48, 24]}")
                                .read()
                                .feedForwardGranularities())
                .containsExactly(24, 48);
    }

    @Test
    void fillsInWhatIsAbsentOrNull() {
        DecoderConfig config =
                llama().without("num_key_value_heads")
                        .with("head_dim", "null")
                        .without("rms_norm_eps")
                        .without("hidden_act")
                        .without("eos_token_id")
                        .with("bos_token_id", "null")
                        .with("rope_scaling", "null")
                        .read();
        assertThat(config.keyValueHeads()).isEqualTo(4);
        assertThat(config.headSize()).isEqualTo(8);
        assertThat(config.normEpsilon()).isEqualTo(1e-6);
        assertThat(config.endTokens()).isEmpty();
        assertThat(config.beginToken()).isNull();
        assertThat(config.rotary()).isEqualTo(new RotaryScaling.None(10000));
    }

    @Test
    void readsWhatDiffersByArchitecture() {
        assertThat(llama().with("head_dim", "16").read().headSize()).isEqualTo(16);
        assertThat(new ConfigFile(directory, "Qwen3ForCausalLM").read().headSize()).isEqualTo(128);
        assertThat(new ConfigFile(directory, "Qwen3ForCausalLM").read().queryKeyNorms()).isTrue();
        assertThat(llama().with("attention_bias", "true").read().attentionBias()).isTrue();
        assertThat(llama().with("attention_bias", "true").read().outputBias()).isTrue();
        assertThat(qwen2().read().attentionBias()).isTrue();
        assertThat(qwen2().read().outputBias()).isFalse();
        assertThat(mistral().with("attention_bias", "true").read().attentionBias()).isFalse();
        assertThat(llama().with("tie_word_embeddings", "true").read().tiedEmbeddings()).isTrue();
        assertThat(
                        llama().without("architectures")
                                .with("model_type", "\"mistral\"")
                                .read()
                                .architecture())
                .isEqualTo("MistralForCausalLM");
    }

    @Test
    void readsSlidingWindows() {
        assertThat(llama().with("sliding_window", "16").read().slidingWindow()).isNull();
        assertThat(mistral().with("sliding_window", "16").read().slidingWindow()).isEqualTo(16);
        assertThat(mistral().with("sliding_window", "null").read().slidingWindow()).isNull();
        assertThat(mistral().read().slidingWindow()).isEqualTo(4096);
        assertThat(
                        qwen2().with("sliding_window", "16")
                                .with("use_sliding_window", "false")
                                .with("max_window_layers", "0")
                                .read()
                                .slidingWindow())
                .isNull();
        assertThat(slidingQwen().with("max_window_layers", "0").read().slidingWindow())
                .isEqualTo(16);
        assertThat(slidingQwen().with("max_window_layers", "2").read().slidingWindow()).isNull();
        assertThat(
                        slidingQwen()
                                .with(
                                        "layer_types",
                                        "[\"sliding_attention\", \"sliding_attention\"]")
                                .read()
                                .slidingWindow())
                .isEqualTo(16);
        refused(
                () -> slidingQwen().with("max_window_layers", "1").read(),
                "config.json: sliding_window",
                "in all layers or in none",
                "1 of 2");
    }

    private ConfigFile slidingQwen() {
        return qwen2().with("sliding_window", "16").with("use_sliding_window", "true");
    }

    @Test
    void readsEveryRotaryScaling() {
        assertThat(llama().with("rope_theta", "500000.0").read().rotary())
                .isEqualTo(new RotaryScaling.None(500000));
        assertThat(rotary("{\"type\": \"linear\", \"factor\": 2.0}"))
                .isEqualTo(new RotaryScaling.Linear(10000, 2));
        assertThat(rotary("{\"rope_type\": \"linear\", \"factor\": 4}"))
                .isEqualTo(new RotaryScaling.Linear(10000, 4));
        assertThat(rotary("{\"rope_type\": \"default\"}")).isEqualTo(new RotaryScaling.None(10000));
        assertThat(
                        rotary(
                                """
                                {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                                 "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
                                """))
                .isEqualTo(new RotaryScaling.Llama3(10000, 8, 1, 4, 32));
        assertThat(
                        llama().with(
                                        "rope_parameters",
                                        "{\"rope_type\": \"linear\", \"factor\": 2, \"rope_theta\": 1e6}")
                                .read()
                                .rotary())
                .isEqualTo(new RotaryScaling.Linear(1e6, 2));
    }

    @Test
    void readsYarnAndItsLongerContext() {
        RotaryScaling plain =
                rotary(
                        """
                        {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
                        """);
        assertThat(plain)
                .isEqualTo(
                        new RotaryScaling.Yarn(10000, 4, 64, 32, 1, 0.1 * Math.log(4) + 1, true));
        assertThat(plain.attentionFactor()).isEqualTo(1.138629436111989);
        assertThat(
                        llama().with(
                                        "rope_scaling",
                                        "{\"type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 64}")
                                .read()
                                .contextLength())
                .isEqualTo(256);
        assertThat(
                        rotary(
                                """
                                {"rope_type": "yarn", "original_max_position_embeddings": 16,
                                 "beta_fast": 16, "beta_slow": 2, "attention_factor": 1.5,
                                 "truncate": false}
                                """))
                .isEqualTo(new RotaryScaling.Yarn(10000, 4, 16, 16, 2, 1.5, false));
        RotaryScaling scaled =
                rotary(
                        """
                        {"rope_type": "yarn", "factor": 4, "mscale": 0.5, "mscale_all_dim": 1.0}
                        """);
        assertThat(scaled.attentionFactor())
                .isEqualTo((0.05 * Math.log(4) + 1) / (0.1 * Math.log(4) + 1));
    }

    private RotaryScaling rotary(String scaling) {
        return llama().with("rope_scaling", scaling).read().rotary();
    }

    @Test
    void takesEndTokensFromTheGenerationConfigFirst() {
        assertThat(llama().with("eos_token_id", "[2, 3]").read().endTokens())
                .containsExactlyInAnyOrder(2, 3);
        assertThat(llama().generation("{\"eos_token_id\": [7, 9]}").read().endTokens())
                .containsExactlyInAnyOrder(7, 9);
        assertThat(llama().generation("{\"temperature\": 1}").read().endTokens())
                .containsExactly(2);
        assertThat(
                        llama().without("bos_token_id")
                                .generation("{\"bos_token_id\": 5}")
                                .read()
                                .beginToken())
                .isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GPT2LMHeadModel",
                "Qwen2MoeForCausalLM",
                "MixtralForCausalLM",
                "LlamaModel"
            })
    void namesTheArchitectureThatItDoesNotKnow(String architecture) {
        refused(
                () -> new ConfigFile(directory, architecture).read(),
                directory + "/config.json",
                "architecture "
                        + architecture
                        + " found; known: LlamaForCausalLM,"
                        + " MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM");
    }

    @Test
    void namesTheModelTypeWhereThereIsNoArchitecture() {
        refused(
                () -> llama().without("architectures").with("model_type", "\"bert\"").read(),
                "architecture none, model_type bert found; known: ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "hidden_act|\"gelu\"|hidden_act: expected silu|gelu",
                "mlp_bias|true|mlp_bias: expected false|true",
                "num_local_experts|8|num_local_experts: expected none: mixtures of experts|8",
                "quantization_config|{\"quant_method\":\"gptq\"}|quantization_config: expected none|gptq",
                "partial_rotary_factor|0.5|partial_rotary_factor: expected 1|0.5",
                "rope_scaling|{\"rope_type\":\"longrope\"}|rope_type: expected default, linear, llama3 or yarn|longrope",
                "rope_scaling|{\"type\":\"dynamic\",\"factor\":2}|rope_scaling: rope_type: expected|dynamic",
                "rope_scaling|{\"type\":\"linear\"}|rope_scaling: factor: expected a number|no such field",
                "rope_scaling|{\"type\":\"linear\",\"factor\":0}|factor: expected more than 0|0",
                "rope_scaling|7|rope_scaling: expected a JSON object|7",
                "rope_theta|-1|rope_theta: expected more than 0|-1",
                "hidden_size|33|hidden_size: expected a multiple of num_attention_heads 4|33",
                "hidden_size|\"32\"|hidden_size: expected an integer|\"32\"",
                "hidden_size|32.5|hidden_size: expected an integer|32.5",
                "hidden_size|4294967296|hidden_size: expected an integer of 32 bits|4294967296",
                "head_dim|7|head size: expected an even number|7",
                "num_key_value_heads|3|heads: expected a multiple of the 3 key and value heads|4",
                "num_attention_heads|0|num_attention_heads 0|32",
                "num_hidden_layers|0|layers: expected 1 or more|0",
                "vocab_size|-1|vocabulary size: expected 1 or more|-1",
                "rms_norm_eps|0|norm epsilon: expected more than 0|0",
                "eos_token_id|100|end token: expected an id of 0 to 99|100",
                "eos_token_id|\"</s>\"|eos_token_id: expected an integer|</s>",
                "bos_token_id|-1|begin token: expected an id of 0 to 99|-1",
                "tie_word_embeddings|1|tie_word_embeddings: expected true or false|1",
                "architectures|\"LlamaForCausalLM\"|architectures: expected a list|Llama",
            })
    void refusesWhatItCannotDoByName(String field, String value, String expected, String found) {
        refused(() -> llama().with(field, value).read(), "config.json", expected, found);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size",
                "vocab_size",
                "max_position_embeddings"
            })
    void namesTheMissingField(String field) {
        refused(
                () -> llama().without(field).read(),
                directory + "/config.json: " + field,
                "found no such field");
    }

    @Test
    void refusesFilesThatAreNoJsonObjects() throws IOException {
        refused(
                () -> DecoderConfig.read(ModelFiles.of(directory)),
                directory + "/config.json: expected a file, found none");
        Path file = directory.resolve("config.json");
        Files.writeString(file, "[]");
        refused(() -> DecoderConfig.read(ModelFiles.of(directory)), "expected a JSON object");
        Files.writeString(file, "{\"architectures\": [");
        refused(() -> DecoderConfig.read(ModelFiles.of(directory)), file + ": expected JSON");
        Files.write(file, new byte[] {'{', (byte) 0xff, '}'});
        refused(() -> DecoderConfig.read(ModelFiles.of(directory)), file + ": expected UTF-8");
        refused(() -> ModelFiles.of(file), file + ": expected a model directory");
        assertThatThrownBy(() -> llama().generation("{").read())
                .hasMessageContaining("generation_config.json: expected JSON");
    }
}
