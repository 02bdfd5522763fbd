package dev.slipstream.pass;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntToDoubleFunction;

/** Small decoders of random weights, and changes to their weights. */
final class SkippableModels {
    static final int HIDDEN = 64;
    static final int HEAD = 16;

    private SkippableModels() {}

    static RandomModel random(long seed, int layers) {
        return new RandomModel("LlamaForCausalLM", seed)
                .with("num_hidden_layers", String.valueOf(layers))
                .with("hidden_size", String.valueOf(HIDDEN))
                .with("intermediate_size", "96")
                .with("head_dim", String.valueOf(HEAD))
                .with("num_attention_heads", "4")
                .with("num_key_value_heads", "2")
                .with("tie_word_embeddings", "false");
    }

    static OnnxModel graph(Path directory, Precision precision) {
        return Models.graph(directory.toString(), LoadOptions.defaults().withPrecision(precision));
    }

    /** Applies the pass without calibration text. */
    static OnnxModel gated(OnnxModel graph, int coldStart, int coldEnd) {
        String spec =
                "ffn-skip:cold-start=%d,cold-end=%d,threshold=0.9,count=2"
                        .formatted(coldStart, coldEnd);
        return new Pipeline(Passes.create(List.of(spec))).apply(graph, null, pass -> {}).graph();
    }

    /** Multiplies what each layer's feed-forward adds to the stream, in a model of floats. */
    static OnnxModel scaled(OnnxModel graph, int layers, IntToDoubleFunction factor) {
        OnnxModel scaled = graph.copy();
        for (int i = 0; i < layers; i++) {
            float by = (float) factor.applyAsDouble(i);
            change(scaled, "model.layers." + i + ".mlp.down_proj.weight", row -> by, 96);
        }
        return scaled;
    }

    /** Multiplies the embedding of each token. */
    static OnnxModel embedding(OnnxModel graph, IntToDoubleFunction factor) {
        OnnxModel scaled = graph.copy();
        change(scaled, "model.embed_tokens.weight", factor, HIDDEN);
        return scaled;
    }

    private static void change(
            OnnxModel graph, String name, IntToDoubleFunction factor, int width) {
        Tensor before = Objects.requireNonNull(graph.initializers().get(name), name);
        FloatBuffer values = before.data().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        ByteBuffer data =
                ByteBuffer.allocateDirect(values.remaining() * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.remaining(); i++) {
            data.putFloat(values.get(i) * (float) factor.applyAsDouble(i / width));
        }
        graph.initializers().put(name, new Tensor(before.type(), before.shape(), data.flip()));
    }

    /** Returns the names of all keys and values, layer by layer. */
    static List<String> keysAndValues(int layers) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            names.add("present." + i + ".key");
            names.add("present." + i + ".value");
        }
        return names;
    }
}
