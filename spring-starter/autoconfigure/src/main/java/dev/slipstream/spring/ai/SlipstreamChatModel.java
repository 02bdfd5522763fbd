package dev.slipstream.spring.ai;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.observation.ChatModelObservationConvention;
import org.springframework.ai.chat.observation.ChatModelObservationDocumentation;
import org.springframework.ai.chat.observation.DefaultChatModelObservationConvention;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * The application's models as one Spring AI chat model: the options' {@code model} picks one by
 * name, none means the default. Options that a prompt does not set are those of the model that
 * answers.
 *
 * <p>What the decoder throws comes through as it is: a full queue, a prompt that is too long, an
 * option out of its range, an unknown model.
 */
public class SlipstreamChatModel implements ChatModel {
    private static final String PROVIDER = "slipstream";
    private static final ChatModelObservationConvention DEFAULT_CONVENTION =
            new DefaultChatModelObservationConvention();

    private final SlipstreamModels models;
    private final ObservationRegistry observations;
    private final @Nullable ChatModelObservationConvention convention;

    /**
     * Constructs a chat model that is not observed.
     *
     * @param models to choose from; not closed by this
     */
    public SlipstreamChatModel(SlipstreamModels models) {
        this(models, ObservationRegistry.NOOP, null);
    }

    /**
     * Constructs a chat model.
     *
     * @param models to choose from; not closed by this
     * @param observations records each request
     * @param convention names and tags of observations; null takes Spring AI's
     */
    public SlipstreamChatModel(
            SlipstreamModels models,
            ObservationRegistry observations,
            @Nullable ChatModelObservationConvention convention) {
        this.models = models;
        this.observations = observations;
        this.convention = convention;
    }

    /**
     * Returns options with nothing set. {@code ChatClient} lays a request's options over these and
     * sends all of them; were the default model's values among them, a request for another model
     * would override that model's own.
     */
    @Override
    public ChatOptions getOptions() {
        return SlipstreamChatOptions.builder().build();
    }

    @Override
    public ChatResponse call(Prompt prompt) {
        ChatRequest request = ChatRequest.of(models, prompt);
        ChatModelObservationContext context = context(request, false);
        return Objects.requireNonNull(
                observation(context)
                        .observe(
                                () -> {
                                    ChatResponse response = answer(request);
                                    context.setResponse(response);
                                    return response;
                                }));
    }

    /**
     * {@inheritDoc}
     *
     * <p>The text is decoded on a thread of {@link Schedulers#boundedElastic()} as fast as the
     * model can, whatever the subscriber asks for: a slow reader must not keep a place in the
     * model's queue, and the answer is bounded by its most tokens. Cancelling the subscription ends
     * the decoding within one step.
     */
    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
        return Flux.deferContextual(
                view -> {
                    ChatRequest request = ChatRequest.of(models, prompt);
                    ChatModelObservationContext context = context(request, true);
                    Observation observation = observation(context);
                    Observation parent =
                            view.getOrDefault(ObservationThreadLocalAccessor.KEY, null);
                    observation.parentObservation(parent).start();
                    return Flux.<ChatResponse>create(
                                    sink ->
                                            Schedulers.boundedElastic()
                                                    .schedule(() -> decode(request, context, sink)))
                            .doOnError(observation::error)
                            .doFinally(end -> observation.stop())
                            .contextWrite(
                                    c -> c.put(ObservationThreadLocalAccessor.KEY, observation));
                });
    }

    private static ChatResponse answer(ChatRequest request) {
        dev.slipstream.decode.Generation generation =
                request.generator().generate(request.render(), request.options());
        return new ChatResponses(request.generator().name())
                .last(generation.text(), generation.finishReason(), generation.statistics());
    }

    /**
     * Decodes into a sink. The whole text goes to the observation from here: Spring AI's own
     * aggregator logs each failure as an error, a full queue too.
     */
    private static void decode(
            ChatRequest request, ChatModelObservationContext context, FluxSink<ChatResponse> sink) {
        if (sink.isCancelled()) {
            return;
        }
        ChatResponses responses = new ChatResponses(request.generator().name());
        try (TokenStream stream = request.generator().stream(request.render(), request.options())) {
            sink.onCancel(stream::cancel);
            StringBuilder text = new StringBuilder();
            while (stream.hasNext()) {
                String piece = stream.next().text();
                text.append(piece);
                sink.next(responses.piece(piece));
            }
            FinishReason reason = stream.finishReason();
            Statistics statistics = stream.statistics();
            context.setResponse(responses.last(text.toString(), reason, statistics));
            sink.next(responses.last("", reason, statistics));
            sink.complete();
        } catch (RuntimeException | Error e) {
            sink.error(e);
        }
    }

    private static ChatModelObservationContext context(ChatRequest request, boolean streaming) {
        return ChatModelObservationContext.builder()
                .prompt(request.prompt())
                .provider(PROVIDER)
                .streaming(streaming)
                .build();
    }

    private Observation observation(ChatModelObservationContext context) {
        return ChatModelObservationDocumentation.CHAT_MODEL_OPERATION.observation(
                convention, DEFAULT_CONVENTION, () -> context, observations);
    }
}
