package dev.slipstream.spring.openai;

import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The parameters that only text completions have.
 *
 * @param prompt a string, a list of strings, a list of token ids, or a list of such lists
 * @param logprobs how many alternatives to report with each token
 */
record CompletionRequest(
        @Nullable String model,
        @Nullable JsonNode prompt,
        @Nullable Integer logprobs,
        @Nullable Boolean echo,
        @Nullable String suffix,
        @Nullable Integer bestOf) {
    private static final int MAX_PROMPTS = 16;

    /** Refuses what would change the answer and is not done here. */
    CompletionRequest {
        if (Boolean.TRUE.equals(echo)) {
            throw ApiException.unsupported("echo", "not supported, the prompt is not repeated");
        }
        if (suffix != null && !suffix.isEmpty()) {
            throw ApiException.unsupported(
                    "suffix", "not supported, the models continue texts only at their end");
        }
        if (bestOf != null && bestOf != 1) {
            throw ApiException.unsupported(
                    "best_of", "not supported, ask for n texts with logprobs and choose");
        }
    }

    /** Returns the prompts in the model's tokens. */
    List<Prompt> prompts(TextGenerator generator) {
        if (prompt == null || prompt.isNull()) {
            throw ApiException.badParameter("prompt", "missing");
        }
        if (prompt.isString()) {
            return List.of(ofText(generator, prompt, "prompt"));
        }
        if (!prompt.isArray() || prompt.isEmpty()) {
            throw unknownForm("prompt", prompt);
        }
        if (prompt.get(0).isNumber()) {
            return List.of(ofIds(generator, prompt, "prompt"));
        }
        if (prompt.size() > MAX_PROMPTS) {
            throw ApiException.badParameter(
                    "prompt",
                    "expected up to %d prompts, found %d".formatted(MAX_PROMPTS, prompt.size()));
        }
        List<Prompt> prompts = new ArrayList<>();
        for (JsonNode one : prompt) {
            String param = "prompt[" + prompts.size() + "]";
            prompts.add(
                    one.isArray() ? ofIds(generator, one, param) : ofText(generator, one, param));
        }
        return prompts;
    }

    private static Prompt ofText(TextGenerator generator, JsonNode text, String param) {
        if (!text.isString()) {
            throw unknownForm(param, text);
        }
        try {
            return generator.prompt(text.stringValue());
        } catch (IllegalArgumentException e) {
            throw ApiException.badPrompt(param, e);
        }
    }

    private static Prompt ofIds(TextGenerator generator, JsonNode list, String param) {
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            JsonNode id = list.get(i);
            ids[i] = id.isInt() ? id.intValue() : -1;
            if (ids[i] < 0 || ids[i] >= generator.vocabularySize()) {
                throw ApiException.badParameter(
                        param + "[" + i + "]",
                        "expected a token id from 0 to %d, found %s"
                                .formatted(
                                        generator.vocabularySize() - 1, RequestReader.shown(id)));
            }
        }
        if (ids.length == 0) {
            throw unknownForm(param, list);
        }
        return new Prompt("", ids);
    }

    private static ApiException unknownForm(String param, JsonNode found) {
        return ApiException.badParameter(
                param,
                "expected a string, a list of strings, a list of token ids or a list of such"
                        + " lists, found "
                        + RequestReader.shown(found));
    }
}
