package dev.slipstream.spring.ai;

import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;

/**
 * A Spring AI prompt resolved against the models.
 *
 * @param generator the model that answers
 * @param options the model's defaults with the prompt's options over them
 * @param prompt the same messages, with all options said, as observations show them
 */
record ChatRequest(TextGenerator generator, GenerationOptions options, Prompt prompt) {

    /**
     * Resolves a prompt.
     *
     * @throws dev.slipstream.spring.autoconfigure.UnknownModelException if its options name a model
     *     that there is not
     * @throws dev.slipstream.decode.InvalidOptionException if one of them is out of its range
     */
    static ChatRequest of(SlipstreamModels models, Prompt prompt) {
        ChatOptions asked =
                prompt.getOptions() != null
                        ? prompt.getOptions()
                        : SlipstreamChatOptions.builder().build();
        TextGenerator generator =
                asked.getModel() != null ? models.get(asked.getModel()) : models.defaultModel();
        GenerationOptions options = over(generator.defaults(), asked);
        return new ChatRequest(
                generator,
                options,
                new Prompt(
                        prompt.getInstructions(), said(generator.name(), options, tools(asked))));
    }

    /** Renders and tokenises the messages. */
    dev.slipstream.decode.Prompt render() {
        return generator.chat(
                ChatMessages.messages(prompt.getInstructions()),
                ChatMessages.tools(tools(prompt.getOptions())));
    }

    private static GenerationOptions over(GenerationOptions defaults, ChatOptions asked) {
        GenerationOptions.Builder options = defaults.toBuilder();
        if (asked.getMaxTokens() != null) {
            options.maxTokens(asked.getMaxTokens());
        }
        if (asked.getTemperature() != null) {
            options.temperature(asked.getTemperature());
        }
        if (asked.getTopK() != null) {
            options.topK(asked.getTopK());
        }
        if (asked.getTopP() != null) {
            options.topP(asked.getTopP());
        }
        if (asked.getPresencePenalty() != null) {
            options.presencePenalty(asked.getPresencePenalty());
        }
        if (asked.getFrequencyPenalty() != null) {
            options.frequencyPenalty(asked.getFrequencyPenalty());
        }
        if (asked.getStopSequences() != null) {
            options.stopStrings(asked.getStopSequences());
        }
        if (asked instanceof SlipstreamChatOptions own) {
            if (own.getMinP() != null) {
                options.minP(own.getMinP());
            }
            if (own.getRepetitionPenalty() != null) {
                options.repetitionPenalty(own.getRepetitionPenalty());
            }
            if (own.getSeed() != null) {
                options.seed(own.getSeed());
            }
            if (own.getDeadline() != null) {
                options.deadline(own.getDeadline());
            }
            if (own.getWeight() != null) {
                options.weight(own.getWeight());
            }
            EffortRequest effort =
                    new EffortRequest(
                            own.getEffort(),
                            own.getMillisPerToken(),
                            own.getSkipThreshold(),
                            own.getSkipCount(),
                            own.getSkipWarmUp());
            options.effort(effort.over(defaults.effort()));
        }
        return options.build();
    }

    private static SlipstreamChatOptions said(
            String model, GenerationOptions options, List<ToolCallback> tools) {
        return SlipstreamChatOptions.builder()
                .model(model)
                .maxTokens(options.maxTokens())
                .temperature(options.temperature())
                .topK(options.topK())
                .topP(options.topP())
                .minP(options.minP())
                .repetitionPenalty(options.repetitionPenalty())
                .presencePenalty(options.presencePenalty())
                .frequencyPenalty(options.frequencyPenalty())
                .stopSequences(options.stopStrings())
                .seed(options.seed())
                .deadline(options.deadline())
                .weight(options.weight())
                .effort(options.effort().level())
                .millisPerToken(options.effort().millisPerToken())
                .skipThreshold(options.effort().skipThreshold())
                .skipCount(options.effort().skipCount())
                .skipWarmUp(options.effort().skipWarmUp())
                .toolCallbacks(tools)
                .build();
    }

    private static List<ToolCallback> tools(@Nullable ChatOptions options) {
        return options instanceof ToolCallingChatOptions t && t.getToolCallbacks() != null
                ? t.getToolCallbacks()
                : List.of();
    }
}
