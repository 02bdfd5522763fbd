package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Compares the tensors that a configuration needs with those that are there. */
final class WeightsCheck {
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d{1,9})\\..*");
    private static final Set<ElementType> FLOATS =
            Set.of(ElementType.FLOAT, ElementType.FLOAT16, ElementType.BFLOAT16);

    private final DecoderConfig config;
    private final Weights weights;

    WeightsCheck(DecoderConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
    }

    void run() {
        // A sliced or grown model shows here first; "layer 7 is missing" would hide the reason.
        checkLayers();
        Map<String, List<Long>> expected = expected();
        expected.forEach(this::checkTensor);
        for (String name : weights.names()) {
            if (LAYER.matcher(name).matches()
                    && !expected.containsKey(name)
                    && !name.endsWith(".rotary_emb.inv_freq")) {
                throw new CheckpointException(
                        "%s: %s: expected no such tensor in a %s with query and key norms %s and attention biases %s, found one of shape %s; correct config.json or take it from the model's origin"
                                .formatted(
                                        weights.location(),
                                        name,
                                        config.architecture(),
                                        config.queryKeyNorms(),
                                        config.attentionBias(),
                                        weights.shape(name)));
            }
        }
    }

    private void checkLayers() {
        int found = 0;
        for (String name : weights.names()) {
            Matcher layer = LAYER.matcher(name);
            if (layer.matches()) {
                found = Math.max(found, Integer.parseInt(layer.group(1)) + 1);
            }
        }
        if (found != config.layers()) {
            throw new CheckpointException(
                    "%s: expected as many layers as num_hidden_layers of config.json says, %d, found %d among the tensors; take config.json and weights from the same model"
                            .formatted(weights.location(), config.layers(), found));
        }
    }

    private void checkTensor(String name, List<Long> shape) {
        if (!weights.contains(name) && name.equals("lm_head.weight")) {
            throw new CheckpointException(
                    "%s: lm_head.weight: expected a tensor %s since tie_word_embeddings is false, found none; if the head is the embedding, set tie_word_embeddings to true in config.json"
                            .formatted(weights.location(), shape));
        }
        if (!weights.shape(name).equals(shape)) {
            throw new CheckpointException(
                    "%s: %s: expected shape %s by config.json, found %s; take config.json and weights from the same model"
                            .formatted(weights.location(), name, shape, weights.shape(name)));
        }
        if (!FLOATS.contains(weights.type(name))) {
            throw new CheckpointException(
                    "%s: %s: expected F32, F16 or BF16, found %s; take the model's unquantised weights"
                            .formatted(weights.location(), name, weights.type(name)));
        }
    }

    private Map<String, List<Long>> expected() {
        long hidden = config.hiddenSize();
        long queries = (long) config.heads() * config.headSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        long neurons = config.intermediateSize();
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", List.of((long) config.vocabularySize(), hidden));
        for (int layer = 0; layer < config.layers(); layer++) {
            String prefix = "model.layers." + layer + ".";
            String attention = prefix + "self_attn.";
            shapes.put(prefix + "input_layernorm.weight", List.of(hidden));
            shapes.put(attention + "q_proj.weight", List.of(queries, hidden));
            shapes.put(attention + "k_proj.weight", List.of(keys, hidden));
            shapes.put(attention + "v_proj.weight", List.of(keys, hidden));
            shapes.put(attention + "o_proj.weight", List.of(hidden, queries));
            if (config.attentionBias()) {
                shapes.put(attention + "q_proj.bias", List.of(queries));
                shapes.put(attention + "k_proj.bias", List.of(keys));
                shapes.put(attention + "v_proj.bias", List.of(keys));
            }
            if (config.outputBias()) {
                shapes.put(attention + "o_proj.bias", List.of(hidden));
            }
            if (config.queryKeyNorms()) {
                shapes.put(attention + "q_norm.weight", List.of((long) config.headSize()));
                shapes.put(attention + "k_norm.weight", List.of((long) config.headSize()));
            }
            shapes.put(prefix + "post_attention_layernorm.weight", List.of(hidden));
            shapes.put(prefix + "mlp.gate_proj.weight", List.of(neurons, hidden));
            shapes.put(prefix + "mlp.up_proj.weight", List.of(neurons, hidden));
            shapes.put(prefix + "mlp.down_proj.weight", List.of(hidden, neurons));
        }
        shapes.put("model.norm.weight", List.of(hidden));
        if (!config.tiedEmbeddings()) {
            shapes.put("lm_head.weight", List.of((long) config.vocabularySize(), hidden));
        }
        return shapes;
    }
}
