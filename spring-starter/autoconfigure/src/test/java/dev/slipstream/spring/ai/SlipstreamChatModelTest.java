package dev.slipstream.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Statistics;
import dev.slipstream.schedule.QueueFullException;
import dev.slipstream.schedule.QueuedGenerator;
import dev.slipstream.spring.ScriptedGenerator;
import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import dev.slipstream.spring.autoconfigure.UnknownModelException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

class SlipstreamChatModelTest {
    private final ScriptedGenerator tales = new ScriptedGenerator("tales", "Once", " upon", " a");
    private final ScriptedGenerator poems = new ScriptedGenerator("poems", "Roses");
    private final SlipstreamModels models = models(tales, poems);
    private final SlipstreamChatModel chatModel = new SlipstreamChatModel(models);

    private static SlipstreamModels models(ScriptedGenerator... generators) {
        Map<String, QueuedGenerator> models = new LinkedHashMap<>();
        for (ScriptedGenerator generator : generators) {
            models.put(generator.name(), generator.queued());
        }
        return SlipstreamModels.of(models, generators[0].name());
    }

    @AfterEach
    void close() {
        models.close();
    }

    private static String text(ChatResponse response) {
        return Objects.requireNonNull(response.getResult()).getOutput().getText();
    }

    @Test
    void callReturnsTextUsageModelAndFinishReason() {
        ChatResponse response = chatModel.call(new Prompt("Tell me a story"));

        assertThat(text(response)).isEqualTo("Once upon a");
        assertThat(response.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
        assertThat(response.getMetadata().getModel()).isEqualTo("tales");
        assertThat(response.getMetadata().getId()).startsWith("slipstream-");
        Usage usage = response.getMetadata().getUsage();
        assertThat(usage.getPromptTokens()).isEqualTo(4);
        assertThat(usage.getCompletionTokens()).isEqualTo(3);
        assertThat(usage.getTotalTokens()).isEqualTo(7);
        assertThat(((Statistics) usage.getNativeUsage()).generatedTokens()).isEqualTo(3);
        assertThat(tales.options).containsExactly(tales.defaults());
    }

    @Test
    void textThatIsCutOffFinishesByLength() {
        ChatResponse response =
                chatModel.call(new Prompt("Hi", ChatOptions.builder().maxTokens(2).build()));

        assertThat(text(response)).isEqualTo("Once upon");
        assertThat(response.getResult().getMetadata().getFinishReason()).isEqualTo("LENGTH");
    }

    @Test
    void optionsPickTheModelByName() {
        ChatResponse response =
                chatModel.call(new Prompt("Hi", ChatOptions.builder().model("poems").build()));

        assertThat(text(response)).isEqualTo("Roses");
        assertThat(response.getMetadata().getModel()).isEqualTo("poems");
    }

    @Test
    void unknownModelIsRefusedOnBothWays() {
        Prompt prompt = new Prompt("Hi", ChatOptions.builder().model("news").build());

        assertThatThrownBy(() -> chatModel.call(prompt))
                .isInstanceOf(UnknownModelException.class)
                .hasMessage("no model 'news'; the models are [tales, poems]");
        assertThatThrownBy(() -> chatModel.stream(prompt).blockLast())
                .isInstanceOf(UnknownModelException.class);
    }

    @Test
    void portableOptionsWinOverTheModelsDefaults() {
        chatModel.call(
                new Prompt(
                        "Hi",
                        ChatOptions.builder()
                                .temperature(0.25)
                                .topP(0.75)
                                .presencePenalty(0.1)
                                .frequencyPenalty(0.2)
                                .stopSequences(List.of("END"))
                                .build()));

        assertThat(tales.options)
                .containsExactly(
                        tales.defaults().toBuilder()
                                .temperature(0.25)
                                .topP(0.75)
                                .presencePenalty(0.1)
                                .frequencyPenalty(0.2)
                                .stopStrings(List.of("END"))
                                .build());
    }

    @Test
    void ownOptionsWinOverTheModelsDefaults() {
        chatModel.call(
                new Prompt(
                        "Hi",
                        SlipstreamChatOptions.builder()
                                .topK(3)
                                .maxTokens(9)
                                .minP(0.125)
                                .repetitionPenalty(1.5)
                                .seed(7L)
                                .deadline(Duration.ofSeconds(3))
                                .weight(2.5)
                                .effort("fast")
                                .skipThreshold(0.75)
                                .skipCount(2)
                                .skipWarmUp(8)
                                .build()));

        assertThat(tales.options)
                .containsExactly(
                        tales.defaults().toBuilder()
                                .topK(3)
                                .maxTokens(9)
                                .minP(0.125)
                                .repetitionPenalty(1.5)
                                .seed(7L)
                                .deadline(Duration.ofSeconds(3))
                                .weight(2.5)
                                .effort(new EffortRequest("fast", null, 0.75, 2, 8))
                                .build());
    }

    @Test
    void wrongOptionIsNamed() {
        Prompt prompt = new Prompt("Hi", ChatOptions.builder().temperature(-1.0).build());

        assertThatThrownBy(() -> chatModel.call(prompt))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("temperature");
    }

    @Test
    void streamSendsPiecesThenFinishReasonAndUsage() {
        List<ChatResponse> responses =
                chatModel.stream(new Prompt("Tell me a story")).collectList().block();

        assertThat(responses)
                .extracting(SlipstreamChatModelTest::text)
                .containsExactly("Once", " upon", " a", "");
        assertThat(responses)
                .extracting(r -> r.getMetadata().getId())
                .containsOnly(responses.get(0).getMetadata().getId());
        assertThat(responses).extracting(r -> r.getMetadata().getModel()).containsOnly("tales");
        assertThat(responses.get(0).getResult().getMetadata().getFinishReason()).isNull();
        ChatResponse last = responses.get(3);
        assertThat(last.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
        assertThat(last.getMetadata().getUsage().getTotalTokens()).isEqualTo(7);
    }

    @Test
    void cancelledSubscriptionCancelsTheStreamThatIsInTheMiddleOfAStep()
            throws InterruptedException {
        ScriptedGenerator endless = new ScriptedGenerator("endless", "a", "b").waitingAfterPieces();
        try (SlipstreamModels models = models(endless)) {
            SlipstreamChatModel chatModel = new SlipstreamChatModel(models);

            List<ChatResponse> two =
                    chatModel.stream(new Prompt("Hi")).take(2).collectList().block();

            assertThat(two).extracting(SlipstreamChatModelTest::text).containsExactly("a", "b");
            assertThat(endless.streamClosed.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void errorsPropagate() {
        ScriptedGenerator broken =
                new ScriptedGenerator("broken", "a")
                        .failingAfterPieces(new IllegalStateException("out of paper"));
        ScriptedGenerator full =
                new ScriptedGenerator("full")
                        .refusing(new QueueFullException("full", 4, Duration.ofSeconds(2)));
        try (SlipstreamModels models = models(broken, full)) {
            SlipstreamChatModel chatModel = new SlipstreamChatModel(models);
            Prompt toFull = new Prompt("Hi", ChatOptions.builder().model("full").build());

            assertThatThrownBy(() -> chatModel.call(new Prompt("Hi")))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("out of paper");
            assertThatThrownBy(() -> chatModel.stream(new Prompt("Hi")).blockLast())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("out of paper");
            assertThatThrownBy(() -> chatModel.call(toFull)).isInstanceOf(QueueFullException.class);
            assertThatThrownBy(() -> chatModel.stream(toFull).blockLast())
                    .isInstanceOf(QueueFullException.class);
        }
    }

    @Test
    void chatClientSendsOptionsAndReadsAnswerAndStream() {
        ChatClient client = ChatClient.create(chatModel);

        String answer =
                client.prompt()
                        .system("Be brief")
                        .user("Tell me a story")
                        .options(SlipstreamChatOptions.builder().minP(0.25).seed(3L))
                        .call()
                        .content();
        String streamed =
                String.join(
                        "",
                        Objects.requireNonNull(
                                client.prompt("Again").stream().content().collectList().block()));

        assertThat(answer).isEqualTo("Once upon a");
        assertThat(streamed).isEqualTo("Once upon a");
        GenerationOptions asked = tales.options.get(0);
        assertThat(asked.minP()).isEqualTo(0.25);
        assertThat(asked.seed()).isEqualTo(3L);
        assertThat(asked.temperature()).isEqualTo(tales.defaults().temperature());
        assertThat(tales.chats.get(0))
                .extracting(m -> m.role() + ": " + m.content())
                .containsExactly("SYSTEM: Be brief", "USER: Tell me a story");
    }

    @Test
    void chatClientsModelOptionKeepsTheOtherModelsOwnDefaults() {
        ChatClient.create(chatModel)
                .prompt("Hi")
                .options(ChatOptions.builder().model("poems"))
                .call()
                .content();

        assertThat(poems.options).containsExactly(poems.defaults());
    }
}
