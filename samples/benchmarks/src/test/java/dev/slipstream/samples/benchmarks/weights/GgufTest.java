package dev.slipstream.samples.benchmarks.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Floats;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgufTest {
    private static final Map<String, String> MATRICES =
            Map.of(
                    "token_embd.weight", "model.embed_tokens.weight",
                    "blk.1.attn_v.weight", "model.layers.1.self_attn.v_proj.weight",
                    "blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight",
                    "blk.2.ffn_down.weight", "model.layers.2.mlp.down_proj.weight",
                    "blk.2.ffn_gate.weight", "model.layers.2.mlp.gate_proj.weight",
                    "blk.2.ffn_up.weight", "model.layers.2.mlp.up_proj.weight");

    @TempDir Path folder;

    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void valuesComeBackWithinHalfAStep(WeightFormat format) throws IOException {
        Checkpoint model = Checkpoint.read("stories260k");
        PlainGguf read = write(model, format);
        for (Map.Entry<String, String> matrix : MATRICES.entrySet()) {
            float[] expected = values(model, matrix.getValue());
            float[] found = read.values(matrix.getKey());
            assertThat(found).hasSameSizeAs(expected);
            boolean quantised = read.tensors.get(matrix.getKey()).type() != 0;
            for (int i = 0; i < found.length; i++) {
                float scale = quantised ? read.scale(matrix.getKey(), i) : 0;
                float step = Math.abs(scale);
                // The opposite of a block's extreme has no place of its own in four bits.
                boolean top = format == WeightFormat.Q4_0 && found[i] == 7 * scale;
                // The scale is rounded to 11 bits; the farthest value is 127 or 8 steps away.
                double rounding = Math.abs(expected[i]) / 2048 + 1e-9;
                assertThat(found[i])
                        .as("%s[%d], step %s", matrix.getKey(), i, step)
                        .isCloseTo(
                                expected[i],
                                within((float) ((top ? 1.001 : 0.501) * step + rounding)));
            }
        }
        assertThat(read.tensors.get("blk.0.attn_q.weight").type()).isEqualTo(format.tensorType());
        assertThat(read.values("blk.3.attn_norm.weight"))
                .containsExactly(values(model, "model.layers.3.input_layernorm.weight"));
        // A tied head is not stored twice.
        assertThat(read.tensors).doesNotContainKey("output.weight");
    }

    @Test
    void rowsOfQueriesAndKeysAreTurnedInNeighbouringPairs() throws IOException {
        Checkpoint model = Checkpoint.read("stories260k");
        PlainGguf read = write(model, WeightFormat.F32);
        int columns = model.config().hiddenSize();
        int head = model.config().headSize();
        for (String side : List.of("q", "k")) {
            float[] theirs = read.values("blk.1.attn_" + side + ".weight");
            float[] ours = values(model, "model.layers.1.self_attn." + side + "_proj.weight");
            for (int row = 0; row < ours.length / columns; row++) {
                int inHead = row % head;
                int pair = inHead % (head / 2);
                int place = row - inHead + 2 * pair + (inHead < head / 2 ? 0 : 1);
                for (int column = 0; column < columns; column++) {
                    assertThat(theirs[place * columns + column])
                            .isEqualTo(ours[row * columns + column]);
                }
            }
        }
    }

    @Test
    void rowsThatDoNotFillBlocksStayFloats() throws IOException {
        Checkpoint model = Checkpoint.read("stories260k");
        PlainGguf read = write(model, WeightFormat.Q4_0);
        assertThat(model.config().intermediateSize() % 32).isNotZero();
        assertThat(read.tensors.get("blk.0.ffn_down.weight").type()).isZero();
    }

    @Test
    void headerSaysWhatTheModelIs() throws IOException {
        Checkpoint model = Checkpoint.read("storyteller-7m");
        PlainGguf read = write(model, WeightFormat.Q4_0);
        assertThat(read.metadata)
                .containsEntry("general.architecture", "llama")
                .containsEntry("general.file_type", 2)
                .containsEntry("llama.context_length", 512)
                .containsEntry("llama.embedding_length", 256)
                .containsEntry("llama.block_count", 8)
                .containsEntry("llama.feed_forward_length", 768)
                .containsEntry("llama.attention.head_count", 4)
                .containsEntry("llama.attention.head_count_kv", 2)
                .containsEntry("llama.rope.dimension_count", 64)
                .containsEntry("llama.rope.freq_base", 10000f)
                .containsEntry("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .containsEntry("tokenizer.ggml.model", "gpt2")
                .containsEntry("tokenizer.ggml.pre", "gpt-2")
                .containsEntry("tokenizer.ggml.bos_token_id", 0)
                .containsEntry("tokenizer.ggml.eos_token_id", 0)
                .containsEntry("tokenizer.ggml.add_bos_token", false);
        assertThat((List<?>) read.metadata.get("tokenizer.ggml.tokens")).hasSize(4096);
        assertThat(((List<?>) read.metadata.get("tokenizer.ggml.token_type")).subList(0, 2))
                .isEqualTo(List.of(3, 1));
        assertThat((List<?>) read.metadata.get("tokenizer.ggml.merges")).hasSizeGreaterThan(3000);
        assertThat(read.tensors.get("token_embd.weight").dimensions()).containsExactly(256, 4096);
        assertThat(Files.list(folder)).as("nothing half-written").hasSize(1);
    }

    @Test
    void sentencePiecesHaveScoresBySequenceOfMerges() throws IOException {
        PlainGguf read = write(Checkpoint.read("stories260k"), WeightFormat.F32);
        List<?> tokens = (List<?>) read.metadata.get("tokenizer.ggml.tokens");
        List<?> scores = (List<?>) read.metadata.get("tokenizer.ggml.scores");
        assertThat(read.metadata)
                .containsEntry("tokenizer.ggml.model", "llama")
                .containsEntry("tokenizer.ggml.add_bos_token", true)
                .containsEntry("tokenizer.ggml.add_space_prefix", true);
        assertThat(((List<?>) read.metadata.get("tokenizer.ggml.token_type")).subList(0, 4))
                .isEqualTo(List.of(2, 3, 3, 6));
        assertThat(tokens.contains("\u2581the")).isTrue();
        // Trained scores fall with the id: "he" was merged before "the".
        assertThat((float) scores.get(tokens.indexOf("he")))
                .isGreaterThan((float) scores.get(tokens.indexOf("\u2581the")));
    }

    private PlainGguf write(Checkpoint model, WeightFormat format) throws IOException {
        Path file = folder.resolve("model.gguf");
        Gguf.write(model, format, file);
        return new PlainGguf(file);
    }

    private static float[] values(Checkpoint model, String name) {
        FloatBuffer floats = Floats.toFloat32(model.weights().tensor(name)).data().asFloatBuffer();
        float[] values = new float[floats.remaining()];
        floats.get(values);
        return values;
    }
}
