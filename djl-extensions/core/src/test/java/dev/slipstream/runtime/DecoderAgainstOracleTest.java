package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.Llama2cPieces;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Graph and runtime together, in 32-bit floats, against straight loops in doubles. */
class DecoderAgainstOracleTest {
    private static final Path EMBEDDED =
            Path.of("../models/src/main/resources/META-INF/slipstream/models");
    private static final int CONTEXT = 257;
    private static final float TOLERANCE = 1e-4f;

    @TempDir Path directory;

    /** Every option once, and three draws of each architecture. */
    static Stream<RandomModel> models() {
        return Stream.concat(options(), drawn(100, 3));
    }

    private static Stream<RandomModel> options() {
        return Stream.of(
                new RandomModel("LlamaForCausalLM", 1).with("tie_word_embeddings", "true"),
                new RandomModel("LlamaForCausalLM", 2).with("tie_word_embeddings", "false"),
                new RandomModel("LlamaForCausalLM", 3)
                        .with("num_attention_heads", "4")
                        .with("hidden_size", "64")
                        .without("head_dim")
                        .without("num_key_value_heads"),
                new RandomModel("LlamaForCausalLM", 4).with("attention_bias", "true"),
                new RandomModel("LlamaForCausalLM", 5).stored("F16", 1),
                new RandomModel("LlamaForCausalLM", 6).stored("BF16", 3),
                new RandomModel("LlamaForCausalLM", 7).with("intermediate_size", "172"),
                scaled(8, "{\"type\": \"linear\", \"factor\": 2.5}"),
                scaled(
                        9,
                        """
                        {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                         "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
                        """),
                scaled(
                        10,
                        """
                        {"rope_type": "yarn", "factor": 4.0,
                         "original_max_position_embeddings": 32}
                        """),
                scaled(
                        11,
                        """
                        {"rope_type": "yarn", "factor": 4.0, "beta_fast": 8, "beta_slow": 0.5,
                         "truncate": false, "mscale": 0.707, "mscale_all_dim": 1.0,
                         "original_max_position_embeddings": 32}
                        """),
                new RandomModel("LlamaForCausalLM", 12)
                        .without("rope_theta")
                        .with(
                                "rope_parameters",
                                "{\"rope_type\": \"default\", \"rope_theta\": 500}"),
                new RandomModel("MistralForCausalLM", 13).with("sliding_window", "5"),
                new RandomModel("MistralForCausalLM", 14).with("sliding_window", "null"),
                new RandomModel("Qwen2ForCausalLM", 15)
                        .with("use_sliding_window", "true")
                        .with("sliding_window", "7")
                        .with("max_window_layers", "0"),
                new RandomModel("Qwen3ForCausalLM", 16).with("attention_bias", "true"));
    }

    private static RandomModel scaled(long seed, String scaling) {
        return new RandomModel("LlamaForCausalLM", seed).with("rope_scaling", scaling);
    }

    private static Stream<RandomModel> drawn(long firstSeed, int count) {
        return Stream.of(
                        "LlamaForCausalLM",
                        "MistralForCausalLM",
                        "Qwen2ForCausalLM",
                        "Qwen3ForCausalLM")
                .flatMap(
                        architecture ->
                                LongStream.range(firstSeed, firstSeed + count)
                                        .mapToObj(seed -> new RandomModel(architecture, seed)));
    }

    static Stream<RandomModel> manyModels() {
        return drawn(1000, 100);
    }

    @ParameterizedTest
    @MethodSource("models")
    void agree(RandomModel random) throws IOException {
        OracleModel oracle = OracleModel.ofDirectory(random.write(directory));
        try (DecoderModel model = open(directory)) {
            agree(model, oracle, random.tokens(48));
        }
    }

    @Test
    void stories260kAgreesAndWritesItsGoldenText() throws IOException {
        llama2cAgreesAndWritesItsGoldenText("stories260k", "stories260K.bin", "tok512.bin");
    }

    @Test
    void babyLlamaAgreesAndWritesItsGoldenText() throws IOException {
        llama2cAgreesAndWritesItsGoldenText("babyllama105", "model5000.bin", "tok105.bin");
    }

    private static void llama2cAgreesAndWritesItsGoldenText(
            String name, String checkpoint, String tokenizer) throws IOException {
        Path folder = EMBEDDED.resolve(name);
        Path golden = Path.of("src/test/resources", name, "golden-greedy-256.txt");
        OracleModel oracle = OracleModel.ofLlama2c(folder.resolve(checkpoint));
        Llama2c files = Llama2c.read(ModelFiles.of(folder));
        try (DecoderModel model = open(files.config(), files.weights())) {
            int[] bos = {Llama2cPieces.BOS};
            int[] written = greedy(model, bos, 256);
            Llama2cPieces pieces =
                    Llama2cPieces.read(folder.resolve(tokenizer), oracle.vocabulary());
            assertThat(pieces.decode(written) + "\n").isEqualTo(Files.readString(golden));
            agree(model, oracle, Arrays.copyOf(DecoderAgreement.joined(bos, written), 48));
        }
    }

    @Test
    void theStorytellerAgreesAndWritesItsGoldenIds() throws IOException {
        Path storyteller = EMBEDDED.resolve("storyteller-7m");
        OracleModel oracle = OracleModel.ofDirectory(storyteller);
        JsonObject golden =
                JsonParser.parseString(
                                Files.readString(
                                        Path.of("src/test/resources/storyteller-7m/golden.json")))
                        .getAsJsonObject();
        int[] prompt = ints(golden.getAsJsonArray("prompt ids"));
        try (DecoderModel model = open(storyteller)) {
            new DecoderAgreement(model, oracle::logits, TOLERANCE).prefillAtOnce(prompt);
            assertThat(greedy(model, prompt, 64))
                    .isEqualTo(ints(golden.getAsJsonArray("greedy ids")));
        }
    }

    @ParameterizedTest
    @MethodSource("manyModels")
    @Tag("thorough")
    void agreeOnMany(RandomModel random) throws IOException {
        agree(random);
    }

    private static DecoderModel open(Path directory) {
        ModelFiles files = ModelFiles.of(directory);
        return open(DecoderConfig.read(files), SafeTensors.read(files));
    }

    private static DecoderModel open(DecoderConfig config, Weights weights) {
        OnnxModel graph = DecoderGraphs.write("tested", config, weights, Precision.FP32, CONTEXT);
        return DecoderModel.open(graph, CONTEXT, RuntimeOptions.defaults());
    }

    private static int[] greedy(DecoderModel model, int[] prompt, int count) {
        int[] added = new int[count];
        try (DecoderSession session = model.newSession()) {
            Logits logits = session.forward(prompt, LogitRows.LAST);
            for (int i = 0; i < count; i++) {
                float[] row = new float[model.vocabularySize()];
                logits.last().get(row);
                added[i] = OracleModel.likeliest(row);
                logits = session.forward(new int[] {added[i]}, LogitRows.LAST);
            }
        }
        return added;
    }

    private static int[] ints(JsonArray array) {
        return array.asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    }

    private static void agree(DecoderModel model, OracleModel oracle, int[] tokens) {
        new DecoderAgreement(model, oracle::logits, TOLERANCE).check(tokens);
    }
}
