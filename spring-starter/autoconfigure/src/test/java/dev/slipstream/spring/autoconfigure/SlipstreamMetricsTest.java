package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.schedule.QueueFullException;
import dev.slipstream.spring.ScriptedGenerator;
import dev.slipstream.spring.ai.SlipstreamChatModel;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class SlipstreamMetricsTest {
    private ScriptedGenerator generator = new ScriptedGenerator("inner", "a", "b", "c");

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner()
                    .withConfiguration(
                            AutoConfigurations.of(
                                    MetricsAutoConfiguration.class,
                                    CompositeMeterRegistryAutoConfiguration.class,
                                    SimpleMetricsExportAutoConfiguration.class,
                                    SlipstreamAutoConfiguration.class,
                                    SlipstreamChatAutoConfiguration.class,
                                    SlipstreamMetricsAutoConfiguration.class))
                    .withBean(
                            SlipstreamModelLoader.class,
                            () -> (name, location, options) -> generator.queued())
                    .withPropertyValues("slipstream.models.tales.location=x");

    private void run(Consumer<TextGenerator> requests, Consumer<MeterRegistry> check) {
        runner.run(
                context -> {
                    requests.accept(context.getBean(TextGenerator.class));
                    check.accept(context.getBean(MeterRegistry.class));
                });
    }

    private static double count(MeterRegistry registry, String counter) {
        return registry.get(counter).tag("model", "tales").counter().count();
    }

    private static double runs(MeterRegistry registry, String kind) {
        return registry.get("slipstream.blocks.runs")
                .tag("model", "tales")
                .tag("kind", kind)
                .counter()
                .count();
    }

    private static void generate(TextGenerator generator) {
        generator.generate(generator.prompt("Tell me a story"), generator.defaults());
    }

    @Test
    void tokensAndTimesOfARequest() {
        run(
                SlipstreamMetricsTest::generate,
                registry -> {
                    assertThat(count(registry, "slipstream.tokens.prompt")).isEqualTo(4);
                    assertThat(count(registry, "slipstream.tokens.generated")).isEqualTo(3);
                    assertThat(count(registry, "slipstream.tokens.cached")).isEqualTo(2);
                    assertThat(count(registry, "slipstream.tokens.drafted")).isEqualTo(12);
                    assertThat(count(registry, "slipstream.tokens.accepted")).isEqualTo(3);
                    assertThat(count(registry, "slipstream.sublayers.gated")).isEqualTo(24);
                    assertThat(count(registry, "slipstream.sublayers.skipped")).isEqualTo(9);
                    assertThat(count(registry, "slipstream.blocks.tokens")).isEqualTo(21);
                    assertThat(runs(registry, "denoising")).isEqualTo(15);
                    assertThat(runs(registry, "verification")).isEqualTo(6);
                    assertThat(runs(registry, "storing")).isEqualTo(3);
                    assertThat(count(registry, "slipstream.blocks.verified")).isEqualTo(3);
                    assertThat(count(registry, "slipstream.blocks.contexts.reused")).isEqualTo(12);
                    Timer first = registry.get("slipstream.time.to.first.token").timer();
                    assertThat(first.count()).isEqualTo(1);
                    assertThat(first.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(10);
                    Timer perToken = registry.get("slipstream.time.per.token").timer();
                    assertThat(perToken.count()).isEqualTo(1);
                    assertThat(perToken.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(5);
                    Timer duration =
                            registry.get("slipstream.request.duration")
                                    .tag("model", "tales")
                                    .tag("finish.reason", "stop_token")
                                    .timer();
                    assertThat(duration.count()).isEqualTo(1);
                    assertThat(duration.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(20);
                });
    }

    @Test
    void everyMeterOfOursHasTheModelAsATag() {
        run(
                SlipstreamMetricsTest::generate,
                registry ->
                        assertThat(registry.getMeters())
                                .extracting(Meter::getId)
                                .filteredOn(id -> id.getName().startsWith("slipstream."))
                                .hasSize(19)
                                .allMatch(id -> "tales".equals(id.getTag("model"))));
    }

    @Test
    void chatModelCountsToo() {
        runner.run(
                context -> {
                    SlipstreamChatModel chatModel = context.getBean(SlipstreamChatModel.class);
                    chatModel.call(new Prompt("Hi"));
                    chatModel.stream(new Prompt("Hi")).blockLast();
                    assertThat(
                                    count(
                                            context.getBean(MeterRegistry.class),
                                            "slipstream.tokens.generated"))
                            .isEqualTo(6);
                });
    }

    @Test
    void tokensCountWhileTheTextIsStillComing() {
        runner.run(
                context -> {
                    MeterRegistry registry = context.getBean(MeterRegistry.class);
                    TextGenerator tales = context.getBean(TextGenerator.class);
                    try (TokenStream stream = tales.stream(tales.prompt("Hi"), tales.defaults())) {
                        stream.hasNext();
                        stream.next();
                        stream.hasNext();
                        assertThat(count(registry, "slipstream.tokens.generated")).isEqualTo(1);
                        assertThat(registry.find("slipstream.request.duration").timer()).isNull();
                    }
                    assertThat(
                                    registry.get("slipstream.request.duration")
                                            .tag("finish.reason", "cancelled")
                                            .timer()
                                            .count())
                            .isEqualTo(1);
                });
    }

    @Test
    void requestThatNeverStartedHasNoPromptTokens() {
        run(
                tales -> {
                    try (TokenStream stream = tales.stream(tales.prompt("Hi"), tales.defaults())) {
                        stream.cancel();
                        assertThat(stream.hasNext()).isFalse();
                    }
                },
                registry -> {
                    assertThat(count(registry, "slipstream.tokens.prompt")).isZero();
                    assertThat(registry.get("slipstream.time.to.first.token").timer().count())
                            .isZero();
                    assertThat(
                                    registry.get("slipstream.request.duration")
                                            .tag("finish.reason", "cancelled")
                                            .timer()
                                            .count())
                            .isEqualTo(1);
                });
    }

    @Test
    void failuresCountAsErrors() {
        generator = generator.failingAfterPieces(new IllegalStateException("out of paper"));
        run(
                tales ->
                        assertThatThrownBy(() -> generate(tales))
                                .isInstanceOf(IllegalStateException.class),
                registry -> {
                    assertThat(count(registry, "slipstream.tokens.generated")).isEqualTo(3);
                    assertThat(
                                    registry.get("slipstream.request.duration")
                                            .tag("finish.reason", "error")
                                            .timer()
                                            .count())
                            .isEqualTo(1);
                });
    }

    @Test
    void rejectedRequestsCount() {
        generator = generator.refusing(new QueueFullException("x", 4, Duration.ofSeconds(1)));
        run(
                tales ->
                        assertThatThrownBy(() -> generate(tales))
                                .isInstanceOf(QueueFullException.class),
                registry ->
                        assertThat(count(registry, "slipstream.requests.rejected")).isEqualTo(1));
    }

    @Test
    void gaugesShowTheQueue() {
        runner.run(
                context -> {
                    MeterRegistry registry = context.getBean(MeterRegistry.class);
                    TextGenerator tales = context.getBean(TextGenerator.class);
                    try (TokenStream stream =
                            tales.stream(tales.prompt("Hi"), GenerationOptions.greedy())) {
                        stream.hasNext();
                        assertThat(gauge(registry, "slipstream.requests.active")).isEqualTo(1);
                        assertThat(gauge(registry, "slipstream.requests.queued")).isZero();
                    }
                    assertThat(gauge(registry, "slipstream.requests.active")).isZero();
                });
    }

    private static double gauge(MeterRegistry registry, String name) {
        return registry.get(name).tag("model", "tales").gauge().value();
    }
}
