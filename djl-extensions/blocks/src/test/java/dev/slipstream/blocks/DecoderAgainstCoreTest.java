package dev.slipstream.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import com.google.gson.JsonObject;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is trained here and what core serves are the same function of the same directory. */
class DecoderAgainstCoreTest {
    static final Path STORYTELLER =
            Path.of("../models/src/main/resources/META-INF/slipstream/models/storyteller-7m");
    private static final float TOLERANCE = 1e-4f;

    @TempDir Path directory;

    static Stream<TinyDecoder> variants() {
        return Stream.of(
                llama(),
                llama().with("tie_word_embeddings", "false"),
                llama().with("num_key_value_heads", "4"),
                llama().with("num_key_value_heads", "1").with("attention_bias", "true"),
                llama().with("rope_theta", "500"),
                llama().with(
                                "rope_scaling",
                                """
                                {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                                 "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
                                """),
                llama().with(
                                "rope_scaling",
                                """
                                {"rope_type": "yarn", "factor": 4.0,
                                 "original_max_position_embeddings": 32}
                                """),
                new TinyDecoder("MistralForCausalLM"),
                new TinyDecoder("Qwen2ForCausalLM"),
                new TinyDecoder("Qwen3ForCausalLM").with("head_dim", "16"));
    }

    private static TinyDecoder llama() {
        return new TinyDecoder("LlamaForCausalLM");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void coreOpensWhatIsSavedHereAndGivesTheSameLogits(TinyDecoder tiny) throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = tiny.draw(manager, directory.resolve("origin"), 7);
            Path saved = directory.resolve("saved");
            ModelFiles origin = ModelFiles.of(directory.resolve("origin"));
            DecoderDirectory.write(saved, decoder, origin, new JsonObject(), StoredType.FLOAT32);
            int[] tokens = TinyDecoder.tokens(40, decoder.config().vocabularySize(), 11);
            float[] found = logits(manager, decoder, tokens);
            agree(core(saved, tokens), found);
        }
    }

    @Test
    void theStorytellerGivesTheSameLogits() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = DecoderBlock.load(manager, ModelFiles.of(STORYTELLER));
            int[] tokens = TinyDecoder.tokens(64, decoder.config().vocabularySize(), 13);
            float[] found = logits(manager, decoder, tokens);
            agree(core(STORYTELLER, tokens), found);
        }
    }

    @Test
    void whatIsLoadedIsSavedBitForBit() throws IOException {
        Path saved = directory.resolve("saved");
        ModelFiles origin = ModelFiles.of(STORYTELLER);
        try (NDManager manager = TinyDecoder.manager()) {
            DecoderBlock decoder = DecoderBlock.load(manager, origin);
            DecoderDirectory.write(saved, decoder, origin, new JsonObject(), StoredType.FLOAT16);
        }
        SafeTensors before = SafeTensors.read(origin);
        SafeTensors after = SafeTensors.read(ModelFiles.of(saved));
        assertThat(after.names()).isEqualTo(before.names());
        for (String name : before.names()) {
            // Not compared by the assertion: it would describe millions of bytes.
            assertThat(after.tensor(name).data().equals(before.tensor(name).data()))
                    .as(name)
                    .isTrue();
        }
        assertThat(DecoderConfig.read(ModelFiles.of(saved))).isEqualTo(DecoderConfig.read(origin));
    }

    /** A plain loop: an assertion a number would be most of the test's time. */
    private static void agree(float[] expected, float[] found) {
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < found.length; i++) {
            // Negated, so that NaN fails.
            if (!(Math.abs(found[i] - expected[i]) <= TOLERANCE)) {
                fail("logit %d: expected %s, found %s".formatted(i, expected[i], found[i]));
            }
        }
    }

    private static float[] logits(NDManager manager, DecoderBlock decoder, int[] tokens) {
        long[] ids = Arrays.stream(tokens).asLongStream().toArray();
        NDArray input = manager.create(ids, new Shape(1, ids.length));
        ParameterStore store = new ParameterStore(manager, false);
        return decoder.forward(store, new NDList(input), false).singletonOrThrow().toFloatArray();
    }

    private static float[] core(Path model, int[] tokens) {
        ModelFiles files = ModelFiles.of(model);
        DecoderConfig config = DecoderConfig.read(files);
        try (DecoderModel opened =
                        DecoderModel.open(
                                DecoderGraphs.write(
                                        "saved",
                                        config,
                                        SafeTensors.read(files),
                                        Precision.FP32,
                                        64),
                                64,
                                RuntimeOptions.defaults());
                DecoderSession session = opened.newSession()) {
            FloatBuffer values = session.forward(tokens, LogitRows.ALL).values();
            float[] result = new float[tokens.length * config.vocabularySize()];
            values.duplicate().rewind().get(result);
            return result;
        }
    }
}
