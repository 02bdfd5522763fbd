package dev.slipstream.spring.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.web.servlet.DispatcherServlet;
import tools.jackson.databind.json.JsonMapper;

/** When the interface is there. */
class OpenAiAutoConfigurationTest {
    private final WebApplicationContextRunner web =
            new WebApplicationContextRunner()
                    .withConfiguration(AutoConfigurations.of(OpenAiAutoConfiguration.class))
                    .withBean(
                            SlipstreamModels.class,
                            () ->
                                    OpenAiServer.directory(
                                            List.of(new ScriptedGenerator("alphabet", true))));

    @Test
    void isOffUnlessAskedFor() {
        web.run(context -> assertThat(context).doesNotHaveBean(OpenAiController.class));
        web.withPropertyValues("slipstream.openai.enabled=true")
                .run(context -> assertThat(context).hasSingleBean(OpenAiController.class));
    }

    @Test
    void needsAWebApplicationWithItsLibraries() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(OpenAiAutoConfiguration.class))
                .withPropertyValues("slipstream.openai.enabled=true")
                .run(
                        context ->
                                assertThat(context)
                                        .hasNotFailed()
                                        .doesNotHaveBean(OpenAiController.class));
        for (Class<?> missing : List.of(DispatcherServlet.class, JsonMapper.class)) {
            web.withPropertyValues("slipstream.openai.enabled=true")
                    .withClassLoader(new FilteredClassLoader(missing))
                    .run(
                            context ->
                                    assertThat(context)
                                            .hasNotFailed()
                                            .doesNotHaveBean("slipstreamOpenAiController"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "path=/",
                "path=v1",
                "path=/v1/",
                "path=/{x}",
                "max-request-size=0B",
                "max-request-size=3GB",
                "ping-interval=0s"
            })
    void refusesWrongSettings(String setting) {
        web.withPropertyValues("slipstream.openai.enabled=true", "slipstream.openai." + setting)
                .run(
                        context ->
                                assertThat(context)
                                        .getFailure()
                                        .rootCause()
                                        .hasMessageContaining(
                                                "slipstream.openai."
                                                        + setting.substring(
                                                                0, setting.indexOf('=')))
                                        .hasMessageContaining("expected"));
    }

    @Test
    void movesToAnotherPath() {
        try (OpenAiServer server =
                OpenAiServer.start(
                        List.of(new ScriptedGenerator("alphabet", true)),
                        "slipstream.openai.path=/llm/v1")) {
            assertThat(server.get("/llm/v1/models").status()).isEqualTo(200);
            assertThat(server.get("/v1/models").status()).isEqualTo(404);
        }
    }
}
