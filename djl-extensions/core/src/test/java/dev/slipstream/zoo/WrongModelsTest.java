package dev.slipstream.zoo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.ChatTemplateException;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.GraphException;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.InferenceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever opens what is no model, or not a whole one, reads which file, what is wrong, and why. */
class WrongModelsTest {
    @TempDir Path directory;
    private Path weights;

    @BeforeEach
    void write() throws IOException {
        new RandomModel("LlamaForCausalLM", 41)
                .with("vocab_size", "270")
                .with("intermediate_size", "96")
                .with("tie_word_embeddings", "false")
                .write(directory);
        weights = directory.resolve("model.safetensors");
    }

    private static AutoregressiveGenerator open(Path location) {
        return Models.open(location.toString(), LoadOptions.defaults());
    }

    private static void refused(
            Path location, Class<? extends RuntimeException> type, Object... parts) {
        assertThatThrownBy(() -> open(location).close())
                .isInstanceOf(type)
                .message()
                .contains(Arrays.stream(parts).map(String::valueOf).toArray(String[]::new));
    }

    private void refused(Object... parts) {
        refused(directory, CheckpointException.class, parts);
    }

    private static void replace(Path file, String before, String after) throws IOException {
        String text = Files.readString(file, ISO_8859_1);
        assertThat(text).contains(before);
        int at = text.indexOf(before);
        String changed = text.substring(0, at) + after + text.substring(at + before.length());
        Files.writeString(file, changed, ISO_8859_1);
    }

    /** Makes the directory that of an export: no checkpoint, but the file. */
    private Path exported() throws IOException {
        Path file = directory.resolve("model.onnx");
        ExportedDecoder.write(directory, file, Set.of());
        Files.delete(weights);
        return file;
    }

    @Test
    void theModelsOfTheseTestsAreSoundBeforeTheyAreDamaged() throws IOException {
        open(directory).close();
        exported();
        open(directory).close();
    }

    @Test
    void truncatedSafetensors() throws IOException {
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(bytes, bytes.length - 10));
        refused(weights, "expected data_offsets inside", "cut off");
    }

    @Test
    void aHeaderLongerThanTheFile() throws IOException {
        byte[] bytes = Files.readAllBytes(weights);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, bytes.length);
        Files.write(weights, bytes);
        refused(weights, "header", "expected", "found");
    }

    @Test
    void overlappingTensors() throws IOException {
        String text = Files.readString(weights, ISO_8859_1);
        Matcher offsets =
                Pattern.compile("\\[([1-9]\\d*),(\\d+)\\]")
                        .matcher(text.substring(text.indexOf("layers.0")));
        assertThat(offsets.find()).isTrue();
        int begin = Integer.parseInt(offsets.group(1));
        int end = Integer.parseInt(offsets.group(2));
        replace(weights, offsets.group(), "[" + (begin - 4) + "," + (end - 4) + "]");
        refused(weights, "overlap");
    }

    @Test
    void anUnknownElementType() throws IOException {
        replace(weights, "\"F32\"", "\"F99\"");
        refused(weights, "unknown dtype F99 found; known: [BF16");
    }

    @Test
    void aMissingTensor() throws IOException {
        replace(weights, "model.norm.weight", "model.nOrm.weight");
        refused(directory, "model.norm.weight", "expected", "found none");
    }

    @Test
    void aConfigurationThatContradictsTheShapes() throws IOException {
        replace(
                directory.resolve("config.json"),
                "intermediate_size\":96",
                "intermediate_size\":98");
        refused(weights, "mlp.", "expected shape [98, ", "found [96, ", "take config.json and");
    }

    @Test
    void anUnknownArchitecture() throws IOException {
        replace(directory.resolve("config.json"), "LlamaForCausalLM", "FalconForCausalLM");
        refused(
                directory.resolve("config.json"),
                "architecture FalconForCausalLM found",
                "known: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTokenizerWithMoreIdsThanTheHead(boolean exported) throws IOException {
        if (exported) {
            exported();
        }
        replace(directory.resolve("tokenizer.json"), "\"<pad269>\":269", "\"<pad269>\":270");
        refused(
                directory.resolve("tokenizer.json"),
                "expected ids below",
                "270",
                "found ids up to 270",
                "from the same model");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noTokenizer(boolean exported) throws IOException {
        if (exported) {
            exported();
        }
        Path tokenizer = directory.resolve("tokenizer.json");
        Files.delete(tokenizer);
        refused(tokenizer, "expected a file, found none; take it from the model's origin");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{}", "{\"model\": {\"vocab\": {\"a\": \"b\"}}}"})
    void aDamagedTokenizer(String json) throws IOException {
        Path tokenizer = directory.resolve("tokenizer.json");
        Files.writeString(tokenizer, json);
        refused(tokenizer, "not a tokenizer.json", "take the file from the model's origin");
        exported();
        refused(tokenizer, "not a tokenizer.json", "take the file from the model's origin");
    }

    @Test
    void aTokenizerThatIsCutOff() throws IOException {
        Path tokenizer = directory.resolve("tokenizer.json");
        String json = Files.readString(tokenizer);
        Files.writeString(tokenizer, json.substring(0, json.length() / 2));
        refused(tokenizer, "not a tokenizer.json");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aContextLongerThanTheModels(boolean exported) throws IOException {
        if (exported) {
            exported();
        }
        LoadOptions options = LoadOptions.defaults().withContextLength(129);
        assertThatThrownBy(() -> Models.open(directory.toString(), options))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContainingAll(
                        directory.toString(),
                        "expected a context length of at most the model's 128, found 129",
                        "ask for fewer");
    }

    @Test
    void anUnknownName() {
        refused(
                Path.of("no-such-model"),
                CheckpointException.class,
                "no-such-model: expected the name of an embedded model",
                "a model directory or an ONNX file, found none of them");
    }

    @Test
    void aDirectoryWithoutAModel() throws IOException {
        Files.delete(weights);
        Files.createFile(directory.resolve("pytorch_model.bin"));
        refused(
                directory,
                "expected a model: config.json with model.safetensors",
                "model_quantized.onnx",
                "found config.json, generation_config.json, pytorch_model.bin, tokenizer.json",
                "give its path");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|expected a field model",
                "{\"model\": 1}|model: expected a JSON object, found 1",
                "{\"model\": {\"decoder\": {\"filename\": \"d.onnx\"}}}|filename: expected|d.onnx",
                "{\"model\": {\"context_length\": \"long\"}}|context_length: expected an integer",
            })
    void aWrongGenAiConfiguration(String json, String message) throws IOException {
        exported();
        Path config = directory.resolve("genai_config.json");
        Files.writeString(config, json);
        refused(config, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not a protobuf message"})
    void aFileThatIsNotOnnx(String content) throws IOException {
        Path file = exported();
        Files.writeString(file, content);
        refused(file, GraphException.class, file, "expected");
    }

    @Test
    void aVoiceDetectorIsNoDecoder() throws IOException {
        OnnxModel model = new OnnxModel("vad");
        GraphBuilder b = new GraphBuilder(model);
        b.input("input", ElementType.FLOAT, "batch", "sequence");
        b.input("state", ElementType.FLOAT, 2, "batch", 128);
        b.input("sr", ElementType.INT64);
        b.output(b.node("Identity", "input").output("output"), ElementType.FLOAT, "batch", "n");
        b.output(b.node("Neg", "state").output("stateN"), ElementType.FLOAT, 2, "batch", 128);
        notADecoder(model, "[input, state, sr]", "[output, stateN]");
    }

    @Test
    void anEncoderIsNoDecoder() throws IOException {
        OnnxModel model = new OnnxModel("encoder");
        GraphBuilder b = new GraphBuilder(model);
        for (String input : List.of("input_ids", "attention_mask", "token_type_ids")) {
            b.input(input, ElementType.INT64, "batch", "sequence");
        }
        b.node("Cast", "input_ids").attribute("to", 1).output("last_hidden_state");
        b.output("last_hidden_state", ElementType.FLOAT, "batch", "sequence");
        notADecoder(model, "[input_ids, attention_mask, token_type_ids]", "[last_hidden_state]");
    }

    @Test
    void aDecoderWithoutItsCacheIsNotEnough() throws IOException {
        OnnxModel model = new OnnxModel("cacheless");
        GraphBuilder b = new GraphBuilder(model);
        b.input("input_ids", ElementType.INT64, "batch", "sequence");
        b.node("Cast", "input_ids").attribute("to", 1).output("logits");
        b.output("logits", ElementType.FLOAT, "batch", "sequence", 270);
        notADecoder(model, "[input_ids]", "[logits]");
    }

    private void notADecoder(OnnxModel model, String inputs, String outputs) throws IOException {
        Path file = exported();
        model.write(file);
        refused(
                file,
                InferenceException.class,
                file + " is not a decoder with a key/value cache",
                "expected inputs input_ids and past_key_values.*",
                "found inputs " + inputs + " and outputs " + outputs,
                "text-generation-with-past");
    }

    @Test
    void anInputThatIsNotKnown() throws IOException {
        Path file = exported();
        OnnxModel model = OnnxModel.read(file);
        new GraphBuilder(model).input("encoder_hidden_states", ElementType.FLOAT, "batch", 1, 64);
        Path other = directory.resolve("other.onnx");
        model.write(other);
        refused(
                other,
                InferenceException.class,
                other
                        + ": input encoder_hidden_states is not known to Slipstream; known: input_ids");
    }

    @Test
    void externalDataOutsideTheDirectory() throws IOException {
        Path file = exported();
        replace(file, "model.onnx.data", "../outside.data");
        refused(file, GraphException.class, file, "../outside.data", "outside");
    }

    @Test
    void aCyclicGraph() throws IOException {
        Path file = exported();
        ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
        model.getGraphBuilder()
                .addNodeBuilder()
                .setOpType("Neg")
                .setName("loop")
                .addInput("l")
                .addOutput("l");
        Files.write(file, model.build().toByteArray());
        refused(file, GraphException.class, file, "circle", "loop");
    }

    @Test
    void anEmptyPromptIsTheBeginTokenWhereThereIsOne() throws IOException {
        try (AutoregressiveGenerator generator = open(directory)) {
            assertThat(generator.prompt("").ids()).containsExactly(RandomModel.BOS);
        }
        for (String file : List.of("config.json", "generation_config.json")) {
            replace(directory.resolve(file), "\"bos_token_id\":", "\"no_token_id\":");
        }
        try (AutoregressiveGenerator generator = open(directory)) {
            assertThatThrownBy(() -> generator.prompt(""))
                    .isInstanceOf(InvalidOptionException.class)
                    .hasMessageContainingAll(
                            "prompt: expected some text, found none",
                            generator.name(),
                            "no begin token");
        }
    }

    private void template(String jinja) throws IOException {
        Files.writeString(directory.resolve("chat_template.jinja"), jinja);
    }

    @Test
    void aTemplateThatDoesNotParse() throws IOException {
        template("hello\n{% if %}");
        refused(directory, ChatTemplateException.class, "line 2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{{ raise_exception('only one system message') }}|only one system message",
                "{% for i in range(100000) %}{% for j in range(100000) %}{{ j }}{% endfor %}{% endfor %}|steps",
                "{{ messages.nothing.at.all }}|line 1"
            })
    void aTemplateThatFailsOrNeverEnds(String jinja, String message) throws IOException {
        template(jinja);
        try (AutoregressiveGenerator generator = open(directory)) {
            List<ChatMessage> messages = List.of(ChatMessage.user("hello"));
            assertThatThrownBy(() -> generator.chat(messages, List.of()))
                    .isInstanceOf(ChatTemplateException.class)
                    .hasMessageContaining(message);
        }
    }
}
