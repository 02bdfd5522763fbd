package dev.slipstream.checkpoint;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the files beside an imported ONNX decoder say about it: {@code genai_config.json}, or {@code
 * config.json} and {@code generation_config.json}.
 *
 * @param contextLength the most positions that the model was made for; null if no file says
 * @param beginToken id that begins a text; null if there is none
 * @param endTokens ids that end a text
 * @param file name of the ONNX file; null if no file says
 */
public record ImportedConfig(
        @Nullable Integer contextLength,
        @Nullable Integer beginToken,
        Set<Integer> endTokens,
        @Nullable String file) {
    /** The names that model families have given to their context length. */
    private static final List<String> CONTEXT_LENGTHS =
            List.of("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length");

    /** Copies the set. */
    public ImportedConfig {
        endTokens = Set.copyOf(endTokens);
    }

    /**
     * Reads what is there.
     *
     * @param files the model's files
     * @throws CheckpointException if a file is damaged
     */
    public static ImportedConfig read(ModelFiles files) {
        return files.contains("genai_config.json") ? readGenAi(files) : readHuggingFace(files);
    }

    private static ImportedConfig readGenAi(ModelFiles files) {
        JsonFields model = JsonFields.read(files, "genai_config.json").fieldsOrNull("model");
        if (model == null) {
            throw new CheckpointException(
                    files.location()
                            + "/genai_config.json: expected a field model, found none; take the file from the model's origin");
        }
        JsonFields decoder = model.fieldsOrNull("decoder");
        return new ImportedConfig(
                model.integerOrNull("context_length"),
                model.integerOrNull("bos_token_id"),
                model.integers("eos_token_id"),
                decoder == null ? null : decoder.textOrNull("filename"));
    }

    private static ImportedConfig readHuggingFace(ModelFiles files) {
        Integer contextLength = null;
        Integer beginToken = null;
        Set<Integer> endTokens = new LinkedHashSet<>();
        for (String file : List.of("config.json", "generation_config.json")) {
            if (!files.contains(file)) {
                continue;
            }
            JsonFields json = JsonFields.read(files, file);
            for (String name : CONTEXT_LENGTHS) {
                contextLength = contextLength == null ? json.integerOrNull(name) : contextLength;
            }
            Integer begin = json.integerOrNull("bos_token_id");
            beginToken = begin == null ? beginToken : begin;
            endTokens.addAll(json.integers("eos_token_id"));
        }
        return new ImportedConfig(contextLength, beginToken, endTokens, null);
    }
}
