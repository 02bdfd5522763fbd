package dev.slipstream.checkpoint;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The sizes and variants of a decoder of the Llama family: everything that its graph needs to know
 * beside the weights.
 *
 * @param architecture Hugging Face's class name, such as {@code LlamaForCausalLM}
 * @param hiddenSize width of the residual stream
 * @param layers number of layers
 * @param heads query heads
 * @param keyValueHeads key and value heads; divides {@code heads}
 * @param headSize size of one head, even
 * @param intermediateSize neurons of one feed-forward
 * @param vocabularySize rows of the embedding and of the head
 * @param contextLength the most positions that the model was made for
 * @param normEpsilon added to the mean square in every RMSNorm
 * @param rotary how positions turn queries and keys
 * @param tiedEmbeddings whether the head is the embedding, so that there is no {@code
 *     lm_head.weight}
 * @param queryKeyNorms whether each head's queries and keys go through an RMSNorm (Qwen3)
 * @param attentionBias whether queries, keys and values have biases; see {@link #outputBias()}
 * @param slidingWindow how many positions, its own included, a token attends to in every layer;
 *     null attends to all
 * @param endTokens ids that end the text
 * @param beginToken id that begins a text, where the model has one
 * @param feedForwardGranularities the widths at which the first neurons of the feed-forwards were
 *     trained to be a model of their own, in rising order; empty if they were not
 * @param blockDiffusion how the model writes blocks of tokens; null if it was not taught to
 */
public record DecoderConfig(
        String architecture,
        int hiddenSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headSize,
        int intermediateSize,
        int vocabularySize,
        int contextLength,
        double normEpsilon,
        RotaryScaling rotary,
        boolean tiedEmbeddings,
        boolean queryKeyNorms,
        boolean attentionBias,
        @Nullable Integer slidingWindow,
        Set<Integer> endTokens,
        @Nullable Integer beginToken,
        List<Integer> feedForwardGranularities,
        @Nullable BlockDiffusion blockDiffusion) {

    /** Checks the ranges and what one size says about another. */
    public DecoderConfig {
        endTokens = Set.copyOf(endTokens);
        feedForwardGranularities = feedForwardGranularities.stream().sorted().toList();
        positive("hidden size", hiddenSize);
        positive("layers", layers);
        positive("heads", heads);
        positive("key and value heads", keyValueHeads);
        positive("head size", headSize);
        positive("intermediate size", intermediateSize);
        positive("vocabulary size", vocabularySize);
        positive("context length", contextLength);
        if (heads % keyValueHeads != 0) {
            throw wrong(
                    "heads", "a multiple of the " + keyValueHeads + " key and value heads", heads);
        }
        if (headSize % 2 != 0) {
            throw wrong("head size", "an even number, since rotary turns pairs", headSize);
        }
        if (!(normEpsilon > 0 && normEpsilon < 1)) {
            throw wrong("norm epsilon", "more than 0 and less than 1", normEpsilon);
        }
        if (slidingWindow != null) {
            positive("sliding window", slidingWindow);
        }
        for (int width : feedForwardGranularities) {
            if (width < 1 || width > intermediateSize) {
                throw wrong("feed-forward granularity", "1 to " + intermediateSize, width);
            }
        }
        for (int token : endTokens) {
            tokenId("end token", token, vocabularySize);
        }
        if (beginToken != null) {
            tokenId("begin token", beginToken, vocabularySize);
        }
        if (blockDiffusion != null) {
            tokenId("mask token", blockDiffusion.maskToken(), vocabularySize);
        }
    }

    /**
     * Reads {@code config.json}, and the end tokens of {@code generation_config.json} where there
     * is one.
     *
     * @param files the model's files
     * @throws CheckpointException if a file is missing or damaged, or asks for something that is
     *     not of the Llama family: which field, what was expected, what was found
     */
    public static DecoderConfig read(ModelFiles files) {
        return ConfigReader.read(files);
    }

    /** Tells whether the attention's output projection has a bias too: all but Qwen2. */
    public boolean outputBias() {
        return attentionBias && !architecture.equals(Architecture.QWEN2.className());
    }

    /**
     * Checks that the weights are those that this configuration describes: every tensor there, none
     * too many, each of the right shape and of a floating-point type.
     *
     * @param weights the model's tensors
     * @throws CheckpointException that names the tensor, what was expected and what was found
     */
    public void checkAgainst(Weights weights) {
        new WeightsCheck(this, weights).run();
    }

    private static void positive(String name, int value) {
        if (value < 1) {
            throw wrong(name, "1 or more", value);
        }
    }

    private static void tokenId(String name, int id, int vocabularySize) {
        if (id < 0 || id >= vocabularySize) {
            throw wrong(name, "an id of 0 to " + (vocabularySize - 1), id);
        }
    }

    private static IllegalArgumentException wrong(String name, String expected, Object found) {
        return new IllegalArgumentException(
                "%s: expected %s, found %s".formatted(name, expected, found));
    }
}
