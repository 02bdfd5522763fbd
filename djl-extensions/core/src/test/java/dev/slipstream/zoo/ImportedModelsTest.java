package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Token;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Directories with ONNX files, from the place that a user names to the text that comes out. */
class ImportedModelsTest {
    private static final String PROMPT = "It was a dark night";

    @TempDir Path directory;

    private Path checkpoint(String name, long seed) throws IOException {
        return new RandomModel("LlamaForCausalLM", seed)
                .with("vocab_size", "270")
                .write(directory.resolve(name));
    }

    private Path directoryWithTokenizer(String name, Path checkpoint) throws IOException {
        Path folder = Files.createDirectories(directory.resolve(name));
        Files.copy(checkpoint.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        return folder;
    }

    private static AutoregressiveGenerator open(Path location) {
        return open(location, LoadOptions.defaults());
    }

    private static AutoregressiveGenerator open(Path location, LoadOptions options) {
        return Models.open(location.toString(), options);
    }

    private static Generation write(AutoregressiveGenerator generator, boolean toTheEnd) {
        GenerationOptions options =
                GenerationOptions.builder().maxTokens(30).ignoreEndOfText(toTheEnd).build();
        return generator.generate(generator.prompt(PROMPT), options);
    }

    private static int[] greedy(AutoregressiveGenerator generator) {
        return ids(write(generator, true));
    }

    private static int[] ids(Generation text) {
        return text.tokens().stream().mapToInt(Token::id).toArray();
    }

    private static int[] expected(AutoregressiveGenerator generator, Path checkpoint)
            throws IOException {
        int[] prompt = generator.prompt(PROMPT).ids();
        assertThat(prompt).hasSizeGreaterThan(PROMPT.length() - 1);
        return OracleModel.ofDirectory(checkpoint).greedy(prompt, 30);
    }

    @Test
    void aGenAiDirectoryNamesFileContextAndEnds() throws IOException {
        Path checkpoint = checkpoint("checkpoint", 31);
        Path genAi = directoryWithTokenizer("genai", checkpoint);
        ExportedDecoder.write(checkpoint, genAi.resolve("text.onnx"), Set.of());
        Path config = genAi.resolve("genai_config.json");
        String json =
                """
                {"model": {"type": "llama", "bos_token_id": 0, "eos_token_id": %s,
                           "vocab_size": 270, "context_length": 96,
                           "decoder": {"filename": "text.onnx"}}}
                """;
        Files.writeString(config, json.formatted("[1]"));
        int[] whole;
        try (AutoregressiveGenerator generator = open(genAi)) {
            assertThat(generator.contextLength()).isEqualTo(96);
            assertThat(generator.prompt("").ids()).containsExactly(0);
            whole = greedy(generator);
            assertThat(whole).isEqualTo(expected(generator, checkpoint));
        }
        int end = whole[5];
        Files.writeString(config, json.formatted("[1, " + end + "]"));
        try (AutoregressiveGenerator generator = open(genAi)) {
            Generation text = write(generator, false);
            assertThat(text.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
            assertThat(ids(text)).doesNotContain(end).hasSizeLessThanOrEqualTo(5);
        }
    }

    @Test
    void findsTheTokenizerAboveTheFolderOnnx() throws IOException {
        Path checkpoint = checkpoint("checkpoint", 32);
        Path folder = directoryWithTokenizer("exported", checkpoint);
        Files.copy(checkpoint.resolve("config.json"), folder.resolve("config.json"));
        Files.createDirectories(folder.resolve("onnx"));
        Path file = folder.resolve("onnx/model.onnx");
        ExportedDecoder.write(checkpoint, file, Set.of(ExportedDecoder.Variant.MERGED));
        for (Path location : new Path[] {folder, file}) {
            try (AutoregressiveGenerator generator = open(location)) {
                assertThat(generator.contextLength()).isEqualTo(128);
                assertThat(greedy(generator)).isEqualTo(expected(generator, checkpoint));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FP32, model, model_quantized, model",
        "INT8, model, model_quantized, model_quantized",
        "INT4, model, model_quantized, model",
        "INT4, model_quantized, model_q4f16, model_q4f16",
        "INT4, model_q4, model, model_q4",
        "FP32, model_quantized, model_fp16, model_fp16",
        "INT8, decoder_model_merged, decoder_model, decoder_model_merged"
    })
    void precisionChoosesAmongTheFiles(
            Precision precision, String first, String second, String chosen) throws IOException {
        Path one = checkpoint("one", 33);
        Path other = checkpoint("other", 34);
        Path folder = directoryWithTokenizer("exported", one);
        ExportedDecoder.write(one, folder.resolve(first + ".onnx"), Set.of());
        ExportedDecoder.write(other, folder.resolve(second + ".onnx"), Set.of());
        LoadOptions options = LoadOptions.defaults().withPrecision(precision);
        try (AutoregressiveGenerator generator = open(folder, options)) {
            Path checkpoint = chosen.equals(first) ? one : other;
            assertThat(greedy(generator)).isEqualTo(expected(generator, checkpoint));
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aGraphOfOursIsTheSameFromItsFile(Precision precision) throws IOException {
        Path checkpoint = checkpoint("checkpoint", 35);
        LoadOptions options = LoadOptions.defaults().withPrecision(precision);
        Path folder = directoryWithTokenizer("written", checkpoint);
        Files.copy(checkpoint.resolve("config.json"), folder.resolve("config.json"));
        OnnxModel graph = Models.graph(checkpoint.toString(), options);
        graph.write(folder.resolve("model.onnx"));
        assertThat(folder.resolve("model.onnx.data")).isNotEmptyFile();
        try (AutoregressiveGenerator built = open(checkpoint, options);
                AutoregressiveGenerator written = open(folder, options)) {
            assertThat(greedy(written)).isEqualTo(greedy(built));
            if (precision == Precision.FP32) {
                assertThat(greedy(written)).isEqualTo(expected(written, checkpoint));
            }
        }
    }

    @Test
    void aContextIsNoLongerThanTheGraphsRotaryTable() throws IOException {
        Path checkpoint = checkpoint("checkpoint", 36);
        Path folder = directoryWithTokenizer("written", checkpoint);
        LoadOptions options = LoadOptions.defaults().withContextLength(64);
        Models.graph(checkpoint.toString(), options).write(folder.resolve("model.onnx"));
        for (boolean withConfig : new boolean[] {false, true}) {
            if (withConfig) {
                Files.copy(checkpoint.resolve("config.json"), folder.resolve("config.json"));
            }
            try (AutoregressiveGenerator generator = open(folder)) {
                assertThat(generator.contextLength()).isEqualTo(64);
                GenerationOptions endless =
                        GenerationOptions.builder().maxTokens(99).ignoreEndOfText(true).build();
                Generation text = generator.generate(generator.prompt(PROMPT), endless);
                assertThat(text.finishReason()).isEqualTo(FinishReason.LENGTH);
                assertThat(text.statistics().generatedTokens())
                        .isEqualTo(64 - text.statistics().promptTokens() + 1);
            }
            assertThatThrownBy(() -> open(folder, options.withContextLength(65)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(folder.resolve("model.onnx").toString())
                    .hasMessageContaining("context length")
                    .hasMessageContaining("64")
                    .hasMessageContaining("65")
                    .hasMessageContaining("rotary table");
        }
    }
}
