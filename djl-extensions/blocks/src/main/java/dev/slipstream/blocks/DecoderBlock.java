package dev.slipstream.blocks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.PairList;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.Floats;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A decoder of the Llama family that can be trained: token ids {@code [batch, n]} to logits {@code
 * [batch, n, vocabulary]}. Its parameters have the names of Hugging Face's checkpoints.
 */
public final class DecoderBlock extends SizedBlock implements AutoCloseable {
    private final DecoderConfig config;
    private final Parameter embedding;
    private final List<DecoderLayer> layers = new ArrayList<>();
    private final RootMeanSquareNorm norm;
    private final @Nullable Parameter head;
    private @Nullable LayerScript script;

    /**
     * Constructs a decoder whose weights are still to be set.
     *
     * @param config sizes and variants
     * @throws IllegalArgumentException if its attention has a sliding window
     */
    public DecoderBlock(DecoderConfig config) {
        if (config.slidingWindow() != null) {
            throw new IllegalArgumentException(
                    "sliding_window: expected none, found %d; such models cannot be trained here"
                            .formatted(config.slidingWindow()));
        }
        this.config = config;
        Shape table = new Shape(config.vocabularySize(), config.hiddenSize());
        embedding = addParameter(matrix("embed_tokens", table));
        for (int i = 0; i < config.layers(); i++) {
            layers.add(addChildBlock("layers." + i, new DecoderLayer(config)));
        }
        norm =
                addChildBlock(
                        "norm", new RootMeanSquareNorm(config.hiddenSize(), config.normEpsilon()));
        head = config.tiedEmbeddings() ? null : addParameter(matrix("lm_head", table));
    }

    /**
     * Reads a decoder from a Hugging Face directory.
     *
     * @param manager owns the parameters
     * @param files the model's files
     * @throws dev.slipstream.checkpoint.CheckpointException if they are missing, damaged, or not of
     *     the Llama family
     */
    public static DecoderBlock load(NDManager manager, ModelFiles files) {
        DecoderBlock decoder = new DecoderBlock(DecoderConfig.read(files));
        Weights weights = SafeTensors.read(files);
        decoder.config.checkAgainst(weights);
        decoder.tensors().forEach((name, parameter) -> set(manager, parameter, weights, name));
        return decoder;
    }

    /**
     * Returns a decoder to be trained from nothing: norms of ones, biases of zeros, matrices drawn
     * from a normal distribution of deviation 0.02, those that add to the residual stream divided
     * by the root of their number.
     *
     * @param manager owns the parameters
     * @param config sizes and variants
     * @param seed of the draws
     */
    public static DecoderBlock random(NDManager manager, DecoderConfig config, long seed) {
        DecoderBlock decoder = new DecoderBlock(config);
        Random random = new Random(seed);
        decoder.tensors()
                .forEach(
                        (name, parameter) -> {
                            float[] values = new float[(int) parameter.getShape().size()];
                            draw(name, parameter.getType(), values, random, config.layers());
                            fill(manager, parameter, values);
                        });
        return decoder;
    }

    private static void draw(
            String name, Parameter.Type type, float[] values, Random random, int layers) {
        if (type == Parameter.Type.GAMMA) {
            Arrays.fill(values, 1);
        } else if (type == Parameter.Type.WEIGHT) {
            boolean added = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
            double deviation = added ? 0.02 / Math.sqrt(2.0 * layers) : 0.02;
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (deviation * random.nextGaussian());
            }
        }
    }

    private static void set(NDManager manager, Parameter parameter, Weights weights, String name) {
        float[] values = new float[Math.toIntExact(parameter.getShape().size())];
        Floats.toFloat32(weights.tensor(name)).data().asFloatBuffer().get(values);
        fill(manager, parameter, values);
    }

    /**
     * A copy is PyTorch's own memory and begins at a multiple of 64 bytes, which Java's does not:
     * where it begins changes the last bits of products, and a run is to be repeatable.
     */
    private static void fill(NDManager manager, Parameter parameter, float[] values) {
        parameter.setInitializer(
                (owner, shape, type) -> {
                    try (NDArray array = owner.create(values, shape)) {
                        return array.duplicate();
                    }
                });
        parameter.initialize(manager, DataType.FLOAT32);
        // The closure holds the values otherwise.
        parameter.setInitializer(Initializer.ZEROS);
    }

    private static Parameter matrix(String name, Shape shape) {
        return Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.WEIGHT)
                .optShape(shape)
                .build();
    }

    /** Returns sizes and variants. */
    public DecoderConfig config() {
        return config;
    }

    /** Returns the layers, first to last. */
    public List<DecoderLayer> layers() {
        return List.copyOf(layers);
    }

    /** Returns what products are computed in; 32-bit floats unless it was set. */
    public Arithmetic arithmetic() {
        return script == null ? Arithmetic.FLOAT32 : Arithmetic.BFLOAT16;
    }

    /**
     * Sets what products are computed in.
     *
     * @param arithmetic the numbers of the next passes
     */
    public void setArithmetic(Arithmetic arithmetic) {
        if (arithmetic == arithmetic()) {
            return;
        }
        if (script != null) {
            script.close();
        }
        script = arithmetic == Arithmetic.BFLOAT16 ? new LayerScript(config) : null;
    }

    /** Frees what {@link #setArithmetic} made; parameters belong to their manager. */
    @Override
    public void close() {
        setArithmetic(Arithmetic.FLOAT32);
    }

    /**
     * Sets one width for the feed-forwards of all layers.
     *
     * @param width 1 to the number of neurons
     */
    public void setWidth(int width) {
        layers.forEach(layer -> layer.feedForward().setWidth(width));
    }

    /** Returns the parameters by the names of their tensors, in the order of checkpoints. */
    public Map<String, Parameter> tensors() {
        Map<String, Parameter> tensors = new LinkedHashMap<>();
        tensors.put("model.embed_tokens.weight", embedding);
        for (int i = 0; i < layers.size(); i++) {
            collect("model.layers." + i, layers.get(i), tensors);
        }
        collect("model.norm", norm, tensors);
        if (head != null) {
            tensors.put("lm_head.weight", head);
        }
        return tensors;
    }

    private static void collect(
            String prefix, ai.djl.nn.Block block, Map<String, Parameter> tensors) {
        block.getDirectParameters()
                .forEach(p -> tensors.put(prefix + "." + p.getKey(), p.getValue()));
        block.getChildren()
                .forEach(
                        child ->
                                collect(
                                        prefix + "." + child.getKey().replaceFirst("^\\d+", ""),
                                        child.getValue(),
                                        tensors));
    }

    /**
     * Runs all layers and the last norm.
     *
     * @param store gives the parameters
     * @param ids int64 {@code [batch, n]}
     * @param attending where the tokens stand and what they see
     * @param training whether parameters are asked for to be trained
     * @return {@code [batch, n, hidden]}
     */
    public NDArray hidden(
            ParameterStore store, NDArray ids, Attending attending, boolean training) {
        NDArray table = store.getValue(embedding, ids.getDevice(), training);
        NDArray stream = Embedding.embedding(ids, table, SparseFormat.DENSE).singletonOrThrow();
        for (DecoderLayer layer : layers) {
            stream =
                    script == null
                            ? layer.pass(store, stream, attending, training)
                            : layer.pass(script, store, stream, attending, training);
        }
        return norm.normalise(store, stream, training);
    }

    /**
     * Multiplies by the head.
     *
     * @param store gives the parameters
     * @param hidden {@code [.., hidden]}
     * @param training whether parameters are asked for to be trained
     * @return 32-bit floats {@code [.., vocabulary]}
     */
    public NDArray logits(ParameterStore store, NDArray hidden, boolean training) {
        NDArray matrix =
                store.getValue(head == null ? embedding : head, hidden.getDevice(), training);
        return script == null
                ? Linear.linear(hidden, matrix).singletonOrThrow()
                : script.product(hidden, matrix);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store,
            NDList inputs,
            boolean training,
            @Nullable PairList<String, Object> parameters) {
        NDArray ids = inputs.singletonOrThrow();
        Attending causal =
                Attending.causal(ids.getManager(), config, Math.toIntExact(ids.getShape().get(1)));
        return new NDList(logits(store, hidden(store, ids, causal, training), training));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0].add(config.vocabularySize())};
    }
}
