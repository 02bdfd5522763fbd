package dev.slipstream.checkpoint;

import static dev.slipstream.checkpoint.SafeTensorsTest.refused;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.RandomModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsCheckTest {
    @TempDir private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LlamaForCausalLM",
                "MistralForCausalLM",
                "Qwen2ForCausalLM",
                "Qwen3ForCausalLM"
            })
    void acceptsSoundModels(String architecture) throws Exception {
        for (int seed = 0; seed < 3; seed++) {
            Path model = directory.resolve(architecture + seed);
            new RandomModel(architecture, seed).write(model);
            ModelFiles files = ModelFiles.of(model);
            DecoderConfig.read(files).checkAgainst(SafeTensors.read(files));
        }
    }

    @Test
    void acceptsLlama2c() {
        Llama2c model = Llama2c.read(Llama2cTest.stories260k());
        model.config().checkAgainst(model.weights());
    }

    @Test
    void acceptsWhatOldCheckpointsCarryAlong() {
        new Shapes()
                .put("model.layers.0.self_attn.rotary_emb.inv_freq", 4)
                .put("lm_head.weight", 100, 32)
                .check(config().with("tie_word_embeddings", "true"));
    }

    @Test
    void namesTensorsOfAnotherShape() {
        refused(
                () ->
                        new Shapes()
                                .put("model.layers.1.self_attn.k_proj.weight", 32, 32)
                                .check(config()),
                "model.layers.1.self_attn.k_proj.weight: expected shape [16, 32]",
                "found [32, 32]");
        refused(
                () -> new Shapes().put("model.embed_tokens.weight", 101, 32).check(config()),
                "model.embed_tokens.weight: expected shape [100, 32]",
                "found [101, 32]");
        refused(
                () -> new Shapes().put("model.norm.weight", 32, 1).check(config()),
                "model.norm.weight: expected shape [32]",
                "found [32, 1]");
    }

    @Test
    void namesMissingTensors() {
        refused(
                () -> new Shapes().remove("model.layers.0.mlp.up_proj.weight").check(config()),
                "model.layers.0.mlp.up_proj.weight");
        refused(
                () -> new Shapes().remove("lm_head.weight").check(config()),
                "lm_head.weight: expected a tensor [100, 32] since tie_word_embeddings is false",
                "set tie_word_embeddings to true");
        refused(
                () -> new Shapes().check(config().with("attention_bias", "true")),
                "model.layers.0.self_attn.q_proj.bias");
    }

    @Test
    void comparesTheNumberOfLayers() {
        refused(
                () -> new Shapes().check(config().with("num_hidden_layers", "1")),
                "num_hidden_layers",
                "says, 1, found 2 among the tensors");
        refused(
                () -> new Shapes().check(config().with("num_hidden_layers", "3")),
                "says, 3, found 2 among the tensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.layers.0.self_attn.q_proj.bias",
                "model.layers.0.self_attn.q_norm.weight",
                "model.layers.1.mlp.experts.0.w1.weight",
                "model.layers.0.self_attn.q_proj.qweight"
            })
    void refusesTensorsThatTheGraphWouldLeaveOut(String name) {
        refused(
                () -> new Shapes().put(name, 32).check(config()),
                name + ": expected no such tensor",
                "LlamaForCausalLM",
                "[32]");
    }

    @Test
    void refusesTensorsThatAreNotFloatingPoint() {
        refused(
                () -> new Shapes(ElementType.INT8).check(config()),
                "model.embed_tokens.weight: expected F32, F16 or BF16, found INT8");
    }

    private ConfigFile config() {
        return new ConfigFile(directory, "LlamaForCausalLM");
    }

    /** The shapes of the small Llama's tensors, without any data. */
    private static final class Shapes implements Weights {
        private final Map<String, List<Long>> shapes = new LinkedHashMap<>();
        private final ElementType type;

        Shapes() {
            this(ElementType.BFLOAT16);
        }

        Shapes(ElementType type) {
            this.type = type;
            put("model.embed_tokens.weight", 100, 32);
            for (int layer = 0; layer < 2; layer++) {
                String prefix = "model.layers." + layer + ".";
                put(prefix + "input_layernorm.weight", 32);
                put(prefix + "post_attention_layernorm.weight", 32);
                put(prefix + "self_attn.q_proj.weight", 32, 32);
                put(prefix + "self_attn.k_proj.weight", 16, 32);
                put(prefix + "self_attn.v_proj.weight", 16, 32);
                put(prefix + "self_attn.o_proj.weight", 32, 32);
                put(prefix + "mlp.gate_proj.weight", 48, 32);
                put(prefix + "mlp.up_proj.weight", 48, 32);
                put(prefix + "mlp.down_proj.weight", 32, 48);
            }
            put("model.norm.weight", 32);
            put("lm_head.weight", 100, 32);
        }

        Shapes put(String name, long... shape) {
            shapes.put(name, Arrays.stream(shape).boxed().toList());
            return this;
        }

        Shapes remove(String name) {
            shapes.remove(name);
            return this;
        }

        void check(ConfigFile config) {
            config.read().checkAgainst(this);
        }

        @Override
        public String location() {
            return "shapes";
        }

        @Override
        public Set<String> names() {
            return shapes.keySet();
        }

        @Override
        public boolean contains(String name) {
            return shapes.containsKey(name);
        }

        @Override
        public List<Long> shape(String name) {
            if (!contains(name)) {
                throw new CheckpointException(name);
            }
            return shapes.get(name);
        }

        @Override
        public ElementType type(String name) {
            return type;
        }

        @Override
        public Tensor tensor(String name) {
            throw new AssertionError("a check reads no data: " + name);
        }
    }
}
