package dev.slipstream.checkpoint;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A model of llama2.c (Karpathy, 2023): a checkpoint of version 0 and a {@code tokenizer.bin}, read
 * into the form that Hugging Face's models have, so that everything behind is the same for both.
 *
 * <p>The two files are the only {@code tok*.bin} and the only other {@code *.bin} of a directory
 * without {@code config.json}, or those that {@code llama2c.json} names: {@code {"checkpoint":
 * "stories260K.bin", "tokenizer": "tok512.bin"}}.
 */
public final class Llama2c {
    private static final String NAMES = "llama2c.json";

    private final DecoderConfig config;
    private final Weights weights;
    private final String tokenizerJson;

    private Llama2c(DecoderConfig config, Weights weights, String tokenizerJson) {
        this.config = config;
        this.weights = weights;
        this.tokenizerJson = tokenizerJson;
    }

    /**
     * Tells whether these files are a llama2.c model.
     *
     * @param files the model's files
     * @throws CheckpointException if {@code llama2c.json} is damaged or the directory cannot be
     *     listed
     */
    public static boolean isLlama2c(ModelFiles files) {
        return names(files).isPresent();
    }

    /**
     * Returns the name of the checkpoint, whose weights are the model.
     *
     * @param files a llama2.c model's
     * @throws CheckpointException if they are none
     */
    public static String checkpoint(ModelFiles files) {
        return required(files).checkpoint;
    }

    /**
     * Reads a llama2.c model; tensors stay in their file until they are asked for.
     *
     * @param files the model's files
     * @throws CheckpointException if a file is missing, or its size is not what its header says
     */
    public static Llama2c read(ModelFiles files) {
        Names names = required(files);
        try {
            Llama2cWeights weights = Llama2cWeights.read(files, names.checkpoint);
            String tokenizer =
                    Llama2cTokenizer.toJson(
                            files.location() + "/" + names.tokenizer,
                            files.bytes(names.tokenizer, 0, files.size(names.tokenizer)),
                            weights.config().vocabularySize());
            return new Llama2c(weights.config(), weights, tokenizer);
        } catch (IOException e) {
            throw new CheckpointException(
                    files.location() + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Returns the configuration: a {@code LlamaForCausalLM} whose text ends with id 1 or 2, since
     * llama2.c separates the texts of its training by the begin token 1.
     */
    public DecoderConfig config() {
        return config;
    }

    /** Returns the tensors under Hugging Face's names and in its rotary form, as F32. */
    public Weights weights() {
        return weights;
    }

    /** Returns a {@code tokenizer.json} that encodes and decodes as llama2.c does. */
    public String tokenizerJson() {
        return tokenizerJson;
    }

    private record Names(String checkpoint, String tokenizer) {}

    private static Names required(ModelFiles files) {
        return names(files)
                .orElseThrow(
                        () ->
                                new CheckpointException(
                                        files.location()
                                                + ": expected one tok*.bin and one other *.bin, or "
                                                + NAMES
                                                + " that names a checkpoint and a tokenizer, found neither"));
    }

    private static Optional<Names> names(ModelFiles files) {
        if (files.contains(NAMES)) {
            JsonFields json = JsonFields.read(files, NAMES);
            return Optional.of(new Names(file(json, "checkpoint"), file(json, "tokenizer")));
        }
        if (files.contains("config.json")) {
            return Optional.empty();
        }
        try {
            List<String> tokenizers = files.matching("tok*.bin");
            List<String> others =
                    files.matching("*.bin").stream()
                            .filter(name -> !tokenizers.contains(name))
                            .toList();
            return tokenizers.size() == 1 && others.size() == 1
                    ? Optional.of(new Names(others.get(0), tokenizers.get(0)))
                    : Optional.empty();
        } catch (IOException e) {
            throw new CheckpointException(
                    files.location() + ": cannot be listed: " + e.getMessage(), e);
        }
    }

    private static String file(JsonFields json, String field) {
        String name = json.textOrNull(field);
        if (name == null || name.contains("/") || name.contains("\\")) {
            throw json.wrong(field, "the name of a file beside " + NAMES, name + "");
        }
        return name;
    }
}
