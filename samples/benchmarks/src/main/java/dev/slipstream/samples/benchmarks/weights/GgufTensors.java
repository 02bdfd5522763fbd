package dev.slipstream.samples.benchmarks.weights;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.RotaryScaling;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Which tensors llama.cpp's {@code llama} architecture wants, and where the checkpoint has them.
 */
final class GgufTensors {
    private final DecoderConfig config;
    private final Weights weights;
    private final WeightFormat format;
    private final List<GgufTensor> tensors = new ArrayList<>();

    private GgufTensors(Checkpoint checkpoint, WeightFormat format) {
        this.config = checkpoint.config();
        this.weights = checkpoint.weights();
        this.format = format;
    }

    /**
     * Returns the tensors in the order of the file.
     *
     * @param checkpoint the model
     * @param format of the matrices; norms, biases, and matrices whose rows do not fill whole
     *     blocks are F32
     * @throws CheckpointException if llama.cpp's architecture has no place for a part of the model
     */
    static List<GgufTensor> of(Checkpoint checkpoint, WeightFormat format) {
        GgufTensors tensors = new GgufTensors(checkpoint, format);
        tensors.refuse();
        tensors.collect();
        return tensors.tensors;
    }

    private void refuse() {
        if (config.queryKeyNorms() || config.attentionBias() && !config.outputBias()) {
            throw wrong("LlamaForCausalLM or MistralForCausalLM", config.architecture());
        }
        Integer window = config.slidingWindow();
        if (window != null && window < config.contextLength()) {
            throw wrong("attention to the whole context", "a sliding window of " + window);
        }
        if (config.rotary() instanceof RotaryScaling.Yarn) {
            throw wrong("rotary scaling default, linear or llama3", "yarn");
        }
    }

    private CheckpointException wrong(String expected, String found) {
        return new CheckpointException(
                "%s: expected %s, found %s; compare with another model"
                        .formatted(weights.location(), expected, found));
    }

    private void collect() {
        add("token_embd.weight", "model.embed_tokens.weight", 0);
        for (int layer = 0; layer < config.layers(); layer++) {
            String to = "blk." + layer + ".";
            String from = "model.layers." + layer + ".";
            add(to + "attn_norm.weight", from + "input_layernorm.weight", 0);
            projection(to + "attn_q", from + "self_attn.q_proj", config.headSize());
            projection(to + "attn_k", from + "self_attn.k_proj", config.headSize());
            projection(to + "attn_v", from + "self_attn.v_proj", 0);
            projection(to + "attn_output", from + "self_attn.o_proj", 0);
            add(to + "ffn_norm.weight", from + "post_attention_layernorm.weight", 0);
            add(to + "ffn_gate.weight", from + "mlp.gate_proj.weight", 0);
            add(to + "ffn_up.weight", from + "mlp.up_proj.weight", 0);
            add(to + "ffn_down.weight", from + "mlp.down_proj.weight", 0);
        }
        add("output_norm.weight", "model.norm.weight", 0);
        if (!config.tiedEmbeddings()) {
            add("output.weight", "lm_head.weight", 0);
        }
        if (config.rotary() instanceof RotaryScaling.Llama3 scaling) {
            float[] factors = factors(scaling);
            tensors.add(
                    new GgufTensor(
                            "rope_freqs.weight",
                            List.of((long) factors.length),
                            WeightFormat.F32,
                            0,
                            () -> tensor(factors)));
        }
    }

    private void projection(String to, String from, int headSize) {
        add(to + ".weight", from + ".weight", headSize);
        if (weights.contains(from + ".bias")) {
            add(to + ".bias", from + ".bias", headSize);
        }
    }

    private void add(String to, String from, int headSize) {
        List<Long> shape = weights.shape(from);
        boolean blocks = shape.size() == 2 && format.holds(shape.get(1));
        tensors.add(
                new GgufTensor(
                        to,
                        shape,
                        blocks ? format : WeightFormat.F32,
                        headSize,
                        () -> weights.tensor(from)));
    }

    /** What llama.cpp divides each pair's angle by: Llama 3.1 divides long waves only. */
    private float[] factors(RotaryScaling.Llama3 scaling) {
        float[] factors = new float[config.headSize() / 2];
        double span = scaling.highFrequencyFactor() - scaling.lowFrequencyFactor();
        for (int i = 0; i < factors.length; i++) {
            double wave = 2 * Math.PI * Math.pow(scaling.theta(), 2.0 * i / config.headSize());
            double turns = scaling.originalContextLength() / wave;
            double kept = (turns - scaling.lowFrequencyFactor()) / span;
            kept = Math.max(0, Math.min(1, kept));
            factors[i] = (float) (1 / ((1 - kept) / scaling.factor() + kept));
        }
        return factors;
    }

    private static Tensor tensor(float[] values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return new Tensor(ElementType.FLOAT, List.of((long) values.length), bytes);
    }
}
