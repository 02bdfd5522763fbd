package dev.slipstream.blocks;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.nn.Parameter;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A small decoder with weights large enough that every part shows in the logits, in a directory
 * with {@code config.json} alone.
 */
public final class TinyDecoder {
    private final JsonObject config = new JsonObject();

    /**
     * Constructs a Llama of two layers, four query and two key and value heads.
     *
     * @param architecture for example {@code LlamaForCausalLM}
     */
    public TinyDecoder(String architecture) {
        JsonArray architectures = new JsonArray();
        architectures.add(architecture);
        config.add("architectures", architectures);
        config.addProperty("hidden_size", 32);
        config.addProperty("intermediate_size", 48);
        config.addProperty("num_hidden_layers", 2);
        config.addProperty("num_attention_heads", 4);
        config.addProperty("num_key_value_heads", 2);
        config.addProperty("head_dim", 8);
        config.addProperty("vocab_size", 61);
        config.addProperty("max_position_embeddings", 64);
        config.addProperty("rms_norm_eps", 1e-5);
        config.addProperty("tie_word_embeddings", true);
        config.addProperty("bos_token_id", 0);
        config.addProperty("eos_token_id", 1);
        config.add("sliding_window", com.google.gson.JsonNull.INSTANCE);
    }

    /** Sets a property of {@code config.json}. */
    public TinyDecoder with(String key, String json) {
        config.add(key, JsonParser.parseString(json));
        return this;
    }

    /** Writes {@code config.json} and returns the directory. */
    public Path write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), config.toString());
        return directory;
    }

    /** Writes {@code config.json} and returns a decoder of it. */
    public DecoderBlock draw(NDManager manager, Path directory, long seed) throws IOException {
        return drawn(manager, DecoderConfig.read(ModelFiles.of(write(directory))), seed);
    }

    /** Returns an owner of arrays. */
    public static NDManager manager() {
        return Engine.getEngine("PyTorch").newBaseManager();
    }

    private static DecoderBlock drawn(NDManager manager, DecoderConfig config, long seed) {
        DecoderBlock decoder = DecoderBlock.random(manager, config, seed);
        Random random = new Random(seed);
        decoder.tensors()
                .forEach(
                        (name, parameter) -> {
                            boolean norm = parameter.getType() == Parameter.Type.GAMMA;
                            long in =
                                    parameter.getShape().get(parameter.getShape().dimension() - 1);
                            double deviation = norm ? 0.2 : 1 / Math.sqrt(in);
                            set(parameter.getArray(), norm ? 1 : 0, deviation, random);
                        });
        decoder.freezeParameters(true);
        return decoder;
    }

    private static void set(NDArray array, double mean, double deviation, Random random) {
        float[] values = new float[(int) array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        try (NDArray drawn = array.getManager().create(values, array.getShape())) {
            array.set(new NDIndex("..."), drawn);
        }
    }

    /** Returns token ids. */
    public static int[] tokens(int count, int vocabulary, long seed) {
        return new Random(seed).ints(count, 0, vocabulary).toArray();
    }

    @Override
    public String toString() {
        return config.toString();
    }
}
