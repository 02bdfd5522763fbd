package dev.slipstream.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.slipstream.spring.ScriptedGenerator;
import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.prompt.Prompt;

class ChatObservationTest {
    private final LinkedBlockingQueue<ChatModelObservationContext> stopped =
            new LinkedBlockingQueue<>();
    private final ObservationRegistry registry = ObservationRegistry.create();

    ChatObservationTest() {
        registry.observationConfig()
                .observationHandler(
                        new ObservationHandler<ChatModelObservationContext>() {
                            @Override
                            public void onStop(ChatModelObservationContext context) {
                                stopped.add(context);
                            }

                            @Override
                            public boolean supportsContext(Observation.Context context) {
                                return context instanceof ChatModelObservationContext;
                            }
                        });
    }

    private SlipstreamModels models(ScriptedGenerator generator) {
        return SlipstreamModels.of(Map.of("tales", generator.queued()), "tales");
    }

    /** A stream's observation stops after its last signal, so possibly after the caller has it. */
    private ChatModelObservationContext context() throws InterruptedException {
        ChatModelObservationContext context = stopped.poll(30, TimeUnit.SECONDS);
        assertThat(context).isNotNull();
        return context;
    }

    private static void assertObserved(ChatModelObservationContext context) {
        assertThat(context.getName()).isEqualTo("gen_ai.client.operation");
        assertThat(context.getLowCardinalityKeyValues())
                .extracting(KeyValue::getKey, KeyValue::getValue)
                .contains(
                        tuple("gen_ai.request.model", "tales"),
                        tuple("gen_ai.response.model", "tales"));
        assertThat(context.getHighCardinalityKeyValues())
                .extracting(KeyValue::getKey, KeyValue::getValue)
                .contains(
                        tuple("gen_ai.request.temperature", "0.5"),
                        tuple("gen_ai.usage.input_tokens", "2"),
                        tuple("gen_ai.usage.output_tokens", "2"),
                        tuple("gen_ai.response.finish_reasons", "[\"STOP\"]"));
        assertThat(context.getResponse().getResult().getOutput().getText()).isEqualTo("a b");
    }

    @Test
    void callIsObserved() throws InterruptedException {
        try (SlipstreamModels models = models(new ScriptedGenerator("tales", "a", " b"))) {
            new SlipstreamChatModel(models, registry, null).call(new Prompt("Hi there"));
        }
        assertObserved(context());
    }

    @Test
    void streamIsObservedAsOneWithTheWholeText() throws InterruptedException {
        try (SlipstreamModels models = models(new ScriptedGenerator("tales", "a", " b"))) {
            new SlipstreamChatModel(models, registry, null)
                    .stream(new Prompt("Hi there")).blockLast();
        }
        ChatModelObservationContext context = context();
        assertObserved(context);
        assertThat(context.isStreaming()).isTrue();
    }

    @Test
    void failuresAreObserved() throws InterruptedException {
        ScriptedGenerator broken =
                new ScriptedGenerator("tales", "a")
                        .failingAfterPieces(new IllegalStateException("out of paper"));
        try (SlipstreamModels models = models(broken)) {
            SlipstreamChatModel chatModel = new SlipstreamChatModel(models, registry, null);
            for (Runnable way :
                    List.<Runnable>of(
                            () -> chatModel.call(new Prompt("Hi")),
                            () -> chatModel.stream(new Prompt("Hi")).blockLast())) {
                assertThatThrownBy(way::run).hasMessage("out of paper");
                assertThat(context().getError()).hasMessage("out of paper");
            }
        }
    }

    @Test
    void observationOfACancelledStreamEnds() throws InterruptedException {
        ScriptedGenerator endless = new ScriptedGenerator("tales", "a").waitingAfterPieces();
        try (SlipstreamModels models = models(endless)) {
            new SlipstreamChatModel(models, registry, null).stream(new Prompt("Hi")).blockFirst();
            assertThat(context().getError()).isNull();
        }
    }
}
