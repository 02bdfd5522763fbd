package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.TextGenerator;
import dev.slipstream.spring.ScriptedGenerator;
import dev.slipstream.spring.ai.SlipstreamChatModel;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Everything that the imports file registers starts, whatever is missing beside it. */
class SlicesTest {
    private static final String[] SPRING_AI = {"org.springframework.ai", "reactor"};
    private static final String[] METRICS = {
        "io.micrometer.core", "org.springframework.boot.micrometer.metrics"
    };
    private static final String[] OBSERVATION = {
        "io.micrometer.observation", "org.springframework.boot.micrometer.observation"
    };
    private static final String[] HEALTH = {
        "org.springframework.boot.health", "org.springframework.boot.actuate"
    };
    private static final String[] VALIDATION = {"jakarta.validation", "org.hibernate.validator"};
    private static final String[] WEB = {
        "org.springframework.web", "jakarta.servlet", "tools.jackson"
    };

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner()
                    .withBean(
                            SlipstreamModelLoader.class,
                            () ->
                                    (name, location, options) ->
                                            new ScriptedGenerator(name, "a").queued())
                    .withPropertyValues("slipstream.models.tales.location=x");

    /** What an application on this class path would get: ours as registered, and Spring Boot's. */
    private ApplicationContextRunner without(String[]... packages) {
        List<String> missing =
                Arrays.stream(packages).flatMap(Arrays::stream).map(p -> p + ".").toList();
        List<Class<?>> configurations = new ArrayList<>();
        for (String name :
                ImportCandidates.load(AutoConfiguration.class, getClass().getClassLoader())) {
            if (name.startsWith("dev.slipstream.")) {
                configurations.add(classOf(name));
            }
        }
        for (Class<?> boot :
                List.of(
                        ObservationAutoConfiguration.class,
                        MetricsAutoConfiguration.class,
                        CompositeMeterRegistryAutoConfiguration.class,
                        SimpleMetricsExportAutoConfiguration.class,
                        HealthContributorAutoConfiguration.class)) {
            if (missing.stream().noneMatch(boot.getName()::startsWith)) {
                configurations.add(boot);
            }
        }
        assertThat(configurations).hasSizeGreaterThanOrEqualTo(4);
        return runner.withConfiguration(
                        AutoConfigurations.of(configurations.toArray(Class<?>[]::new)))
                .withClassLoader(new FilteredClassLoader(missing.toArray(String[]::new)));
    }

    private static Class<?> classOf(String name) {
        try {
            return Class.forName(name, false, SlicesTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void everythingPresent() {
        without()
                .run(
                        context -> {
                            assertThat(context).hasNotFailed();
                            assertThat(context).hasSingleBean(TextGenerator.class);
                            assertThat(context).hasSingleBean(ChatModel.class);
                            assertThat(context).hasBean("slipstreamHealthIndicator");
                            assertThat(context).hasSingleBean(TextGeneratorDecorator.class);
                        });
    }

    @Test
    void nothingButTheStarter() {
        without(SPRING_AI, METRICS, OBSERVATION, HEALTH, VALIDATION, WEB)
                .run(
                        context -> {
                            assertThat(context).hasNotFailed();
                            TextGenerator tales = context.getBean(TextGenerator.class);
                            assertThat(tales.generate(tales.prompt("Hi"), tales.defaults()).text())
                                    .isEqualTo("a");
                            assertThat(context).doesNotHaveBean(TextGeneratorDecorator.class);
                            assertThat(context).doesNotHaveBean("slipstreamChatModel");
                            assertThat(context).doesNotHaveBean("slipstreamHealthIndicator");
                        });
    }

    @Test
    void noSpringAi() {
        without(SPRING_AI)
                .run(
                        context -> {
                            assertThat(context).hasNotFailed();
                            assertThat(context).doesNotHaveBean("slipstreamChatModel");
                            assertThat(context).hasSingleBean(TextGeneratorDecorator.class);
                            assertThat(context).hasBean("slipstreamHealthIndicator");
                        });
    }

    @Test
    void noHealth() {
        without(HEALTH)
                .run(
                        context -> {
                            assertThat(context).hasNotFailed();
                            assertThat(context).doesNotHaveBean("slipstreamHealthIndicator");
                            assertThat(context).hasSingleBean(ChatModel.class);
                        });
    }

    @Test
    void noMetrics() {
        without(METRICS)
                .run(
                        context -> {
                            assertThat(context).hasNotFailed();
                            assertThat(context).doesNotHaveBean(TextGeneratorDecorator.class);
                            assertThat(context).hasSingleBean(ChatModel.class);
                            assertThat(context).hasBean("slipstreamHealthIndicator");
                        });
    }

    @Test
    void noValidator() {
        without(VALIDATION).run(context -> assertThat(context).hasSingleBean(TextGenerator.class));
        without(VALIDATION)
                .withPropertyValues("slipstream.models.tales.threads=-1")
                .run(
                        context ->
                                assertThat(context)
                                        .getFailure()
                                        .hasStackTraceContaining(
                                                "slipstream.models.tales.threads"));
    }

    @Test
    void noWeb() {
        without(WEB).run(context -> assertThat(context).hasSingleBean(TextGenerator.class));
    }

    @Test
    void chatModelBacksOffFromTheUsers() {
        without()
                .withBean(
                        "mine",
                        SlipstreamChatModel.class,
                        () -> {
                            return new SlipstreamChatModel(
                                    SlipstreamModels.of(
                                            Map.of(
                                                    "mine",
                                                    new ScriptedGenerator("mine", "a").queued()),
                                            "mine"));
                        })
                .run(context -> assertThat(context).hasSingleBean(ChatModel.class).hasBean("mine"));
    }

    @Test
    void chatModelLeavesTheFieldToAnotherProvider() {
        without()
                .withPropertyValues("spring.ai.model.chat=openai")
                .run(context -> assertThat(context).doesNotHaveBean(ChatModel.class));
        without()
                .withPropertyValues("spring.ai.model.chat=slipstream")
                .run(context -> assertThat(context).hasSingleBean(ChatModel.class));
    }

    @Test
    void metersBackOffFromTheUsersOfTheSameName() {
        without()
                .withBean(
                        "slipstreamRequestMeters",
                        TextGeneratorDecorator.class,
                        () -> generator -> generator)
                .run(
                        context -> {
                            assertThat(context).hasSingleBean(TextGeneratorDecorator.class);
                            assertThat(
                                            context.getBean(MeterRegistry.class)
                                                    .find("slipstream.tokens.prompt")
                                                    .counter())
                                    .isNull();
                        });
    }
}
