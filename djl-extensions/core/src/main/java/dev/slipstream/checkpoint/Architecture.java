package dev.slipstream.checkpoint;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The decoders that are built from a checkpoint. */
enum Architecture {
    LLAMA("LlamaForCausalLM", "llama"),
    MISTRAL("MistralForCausalLM", "mistral"),
    QWEN2("Qwen2ForCausalLM", "qwen2"),
    QWEN3("Qwen3ForCausalLM", "qwen3");

    private final String className;
    private final String modelType;

    Architecture(String className, String modelType) {
        this.className = className;
        this.modelType = modelType;
    }

    /** Returns Hugging Face's name for the class. */
    String className() {
        return className;
    }

    /** Returns the architecture that {@code architectures} names, or else {@code model_type}. */
    static Architecture of(JsonFields config) {
        var names = config.texts("architectures");
        String modelType = config.textOrNull("model_type");
        for (Architecture known : values()) {
            if (names.isEmpty()
                    ? known.modelType.equals(modelType)
                    : names.contains(known.className)) {
                return known;
            }
        }
        String found = names.isEmpty() ? "none, model_type " + modelType : String.join(", ", names);
        throw new CheckpointException(
                "%s: architecture %s found; known: %s"
                        .formatted(
                                config.where(),
                                found,
                                Arrays.stream(values())
                                        .map(Architecture::className)
                                        .collect(Collectors.joining(", "))));
    }
}
