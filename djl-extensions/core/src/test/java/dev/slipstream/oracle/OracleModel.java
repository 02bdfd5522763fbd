package dev.slipstream.oracle;

import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A language model of the Llama family, computed in full and in doubles from float weights.
 *
 * <p>Sources: Hugging Face transformers' {@code modeling_llama.py}, {@code modeling_qwen2.py},
 * {@code modeling_qwen3.py}, {@code modeling_rope_utils.py}; for llama2.c its {@code run.c}.
 */
public final class OracleModel {
    final OracleShape shape;
    final float[] embedding;
    final List<OracleLayer> layers;
    final float[] finalNorm;
    final OracleLinear head;
    private final Set<SubLayerName> skipped;

    OracleModel(
            OracleShape shape,
            float[] embedding,
            List<OracleLayer> layers,
            float[] finalNorm,
            OracleLinear head) {
        this(shape, embedding, layers, finalNorm, head, Set.of());
    }

    private OracleModel(
            OracleShape shape,
            float[] embedding,
            List<OracleLayer> layers,
            float[] finalNorm,
            OracleLinear head,
            Set<SubLayerName> skipped) {
        this.shape = shape;
        this.embedding = embedding;
        this.layers = List.copyOf(layers);
        this.finalNorm = finalNorm;
        this.head = head;
        this.skipped = Set.copyOf(skipped);
    }

    /** Returns this model with the branches of some sub-layers left out. */
    public OracleModel without(Collection<SubLayerName> names) {
        return new OracleModel(shape, embedding, layers, finalNorm, head, Set.copyOf(names));
    }

    boolean has(SubLayer.Kind kind, int layer) {
        return !skipped.contains(new SubLayerName(kind, layer));
    }

    /**
     * Reads {@code config.json} and {@code model.safetensors}, single or sharded with its index.
     *
     * @param directory a Hugging Face directory of a Llama, Mistral, Qwen2 or Qwen3 decoder
     */
    public static OracleModel ofDirectory(Path directory) throws IOException {
        return OracleDirectory.read(directory);
    }

    /**
     * Reads a llama2.c checkpoint, version 0.
     *
     * @param file the checkpoint
     */
    public static OracleModel ofLlama2c(Path file) throws IOException {
        return OracleLlama2c.read(file);
    }

    /**
     * Returns this model with every matrix, the embedding included, rounded in blocks.
     *
     * @param bits 4 or 8; see {@link PlainBlocks}
     */
    public OracleModel rounded(int bits) {
        return new OracleModel(
                shape,
                PlainBlocks.rounded(embedding, finalNorm.length, bits),
                layers.stream().map(layer -> layer.rounded(bits)).toList(),
                finalNorm,
                head.rounded(bits),
                skipped);
    }

    /** Returns the number of token ids. */
    public int vocabulary() {
        return embedding.length / finalNorm.length;
    }

    /**
     * Computes the logits at every position.
     *
     * @param tokens token ids from position 0
     * @return {@code [tokens, vocabulary]}
     */
    public float[][] logits(int[] tokens) {
        int[] positions = IntStream.range(0, tokens.length).toArray();
        return logits(tokens, positions, (row, other) -> other <= row);
    }

    /**
     * Computes the logits of tokens that stand anywhere and see each other in any way.
     *
     * @param tokens token ids
     * @param positions where each stands
     * @param sees whether a token, the first, sees another, both by index
     * @return {@code [tokens, vocabulary]}
     */
    public float[][] logits(int[] tokens, int[] positions, BiPredicate<Integer, Integer> sees) {
        double[][] x = new double[tokens.length][];
        for (int t = 0; t < tokens.length; t++) {
            x[t] = embed(tokens[t]);
        }
        for (int i = 0; i < layers.size(); i++) {
            if (has(SubLayer.Kind.ATTENTION, i)) {
                addAttention(layers.get(i), x, positions, sees);
            }
            if (has(SubLayer.Kind.FEED_FORWARD, i)) {
                for (double[] row : x) {
                    addFeedForward(layers.get(i), row);
                }
            }
        }
        float[][] logits = new float[tokens.length][];
        for (int t = 0; t < tokens.length; t++) {
            logits[t] = head(x[t]);
        }
        return logits;
    }

    /**
     * Continues a prompt with the likeliest token each time, the lowest id among equals. Computed
     * position by position with remembered keys and values.
     *
     * @param prompt at least one token id
     * @param count how many ids to add
     * @return the added ids
     */
    public int[] greedy(int[] prompt, int count) {
        StepwiseOracle steps = new StepwiseOracle(this);
        float[] logits = {};
        for (int token : prompt) {
            logits = steps.next(token);
        }
        int[] added = new int[count];
        for (int i = 0; i < count; i++) {
            added[i] = likeliest(logits);
            logits = steps.next(added[i]);
        }
        return added;
    }

    /** Returns the index of the largest value, the lowest among equals. */
    public static int likeliest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    double[] embed(int token) {
        int hidden = finalNorm.length;
        double[] x = new double[hidden];
        for (int i = 0; i < hidden; i++) {
            x[i] = embedding[token * hidden + i];
        }
        return x;
    }

    private void addAttention(
            OracleLayer layer, double[][] x, int[] positions, BiPredicate<Integer, Integer> sees) {
        int length = x.length;
        double[][] queries = new double[length][];
        double[][] keys = new double[length][];
        double[][] values = new double[length][];
        for (int t = 0; t < length; t++) {
            double[] normed = normed(x[t], layer.attentionNorm());
            queries[t] = turned(layer.query().of(normed), layer.queryNorm(), positions[t]);
            keys[t] = turned(layer.key().of(normed), layer.keyNorm(), positions[t]);
            values[t] = layer.value().of(normed);
        }
        int size = shape.headSize();
        int group = shape.heads() / shape.keyValueHeads();
        for (int t = 0; t < length; t++) {
            double[] mixed = new double[shape.heads() * size];
            for (int h = 0; h < shape.heads(); h++) {
                int shared = h / group * size;
                double[] weights = new double[length];
                double sum = 0;
                double largest = Double.NEGATIVE_INFINITY;
                for (int s = 0; s < length; s++) {
                    weights[s] = Double.NEGATIVE_INFINITY;
                    if (sees.test(t, s) && positions[t] - positions[s] < layer.window()) {
                        double score = 0;
                        for (int i = 0; i < size; i++) {
                            score += queries[t][h * size + i] * keys[s][shared + i];
                        }
                        weights[s] = score / Math.sqrt(size);
                        largest = Math.max(largest, weights[s]);
                    }
                }
                for (int s = 0; s < length; s++) {
                    weights[s] = Math.exp(weights[s] - largest);
                    sum += weights[s];
                }
                for (int s = 0; s < length; s++) {
                    for (int i = 0; i < size; i++) {
                        mixed[h * size + i] += weights[s] / sum * values[s][shared + i];
                    }
                }
            }
            add(x[t], layer.output().of(mixed));
        }
    }

    /** Norms each head if the model does, then turns it to its position. */
    double[] turned(double[] heads, float @Nullable [] norm, int position) {
        int size = shape.headSize();
        for (int offset = 0; offset < heads.length; offset += size) {
            if (norm != null) {
                double[] head = new double[size];
                System.arraycopy(heads, offset, head, 0, size);
                System.arraycopy(normed(head, norm), 0, heads, offset, size);
            }
            shape.rope().rotate(heads, offset, position);
        }
        return heads;
    }

    void addFeedForward(OracleLayer layer, double[] x) {
        double[] normed = normed(x, layer.feedForwardNorm());
        double[] gate = layer.gate().of(normed);
        double[] up = layer.up().of(normed);
        for (int i = 0; i < gate.length; i++) {
            gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        add(x, layer.down().of(gate));
    }

    float[] head(double[] x) {
        double[] logits = head.of(normed(x, finalNorm));
        float[] rounded = new float[logits.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) logits[i];
        }
        return rounded;
    }

    double[] normed(double[] x, float[] weight) {
        double squares = 0;
        for (double value : x) {
            squares += value * value;
        }
        double scale = 1 / Math.sqrt(squares / x.length + shape.epsilon());
        double[] result = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            result[i] = x[i] * scale * weight[i];
        }
        return result;
    }

    static void add(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) {
            x[i] += y[i];
        }
    }
}
