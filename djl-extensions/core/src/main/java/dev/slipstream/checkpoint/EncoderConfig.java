package dev.slipstream.checkpoint;

import org.jspecify.annotations.Nullable;

/**
 * What the files of a sentence encoder say about its use: {@code 1_Pooling/config.json}, {@code
 * sentence_bert_config.json} and {@code config.json}, all of which may be absent.
 *
 * @param pooling as the encoder was trained; null where nothing is said
 * @param maxTokens the most tokens of a text, special ones included
 */
public record EncoderConfig(@Nullable Pooling pooling, int maxTokens) {
    /** BERT's table of positions. */
    private static final int USUAL_TOKENS = 512;

    /** {@code [CLS]} and {@code [SEP]}. */
    private static final int LEAST_TOKENS = 2;

    private static final String POOLING = "1_Pooling/config.json";
    private static final String DENSE = "2_Dense/config.json";
    private static final String MODE = "pooling_mode_";

    /** Checks the range. */
    public EncoderConfig {
        if (maxTokens < LEAST_TOKENS) {
            throw new IllegalArgumentException("maxTokens: expected 2 or more, found " + maxTokens);
        }
    }

    /**
     * Reads the files.
     *
     * @param files an encoder's
     * @throws CheckpointException if a file is damaged, or asks for what is not done here
     */
    public static EncoderConfig read(ModelFiles files) {
        if (files.contains(DENSE)) {
            throw new CheckpointException(
                    "%s/%s: expected an encoder whose embedding is its pooled output, found a further layer; take an encoder without one"
                            .formatted(files.location(), DENSE));
        }
        int maxTokens = positions(files);
        if (files.contains("sentence_bert_config.json")) {
            JsonFields json = JsonFields.read(files, "sentence_bert_config.json");
            int declared = json.integer("max_seq_length", maxTokens);
            if (declared < LEAST_TOKENS) {
                throw json.wrong("max_seq_length", "2 or more", declared);
            }
            maxTokens = Math.min(maxTokens, declared);
        }
        return new EncoderConfig(pooling(files), maxTokens);
    }

    private static int positions(ModelFiles files) {
        if (!files.contains("config.json")) {
            return USUAL_TOKENS;
        }
        JsonFields json = JsonFields.read(files, "config.json");
        int rows = json.integer("max_position_embeddings", USUAL_TOKENS);
        String type = json.textOrNull("model_type");
        // RoBERTa counts positions from 2: the rows before are padding's.
        int positions = type != null && type.contains("roberta") ? rows - 2 : rows;
        if (positions < LEAST_TOKENS) {
            throw json.wrong("max_position_embeddings", "room for [CLS] and [SEP]", rows);
        }
        return positions;
    }

    private static @Nullable Pooling pooling(ModelFiles files) {
        if (!files.contains(POOLING)) {
            return null;
        }
        JsonFields json = JsonFields.read(files, POOLING);
        boolean mean = json.flag(MODE + "mean_tokens", false);
        boolean cls = json.flag(MODE + "cls_token", false);
        boolean other =
                json.object().keySet().stream()
                        .filter(key -> key.startsWith(MODE))
                        .filter(key -> !key.endsWith("mean_tokens") && !key.endsWith("cls_token"))
                        .anyMatch(key -> json.flag(key, false));
        if (mean == cls || other) {
            throw new CheckpointException(
                    "%s: expected one of %smean_tokens and %scls_token to be true, found %s; other poolings are not done here"
                            .formatted(json.where(), MODE, MODE, json.object()));
        }
        return mean ? Pooling.MEAN : Pooling.CLS;
    }
}
