package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.spring.ai.SlipstreamChatModel;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The models that lie in the jar, opened by the application as its users get it. */
class EmbeddedModelTest {
    private final ApplicationContextRunner runner =
            new ApplicationContextRunner()
                    .withConfiguration(
                            AutoConfigurations.of(
                                    SlipstreamAutoConfiguration.class,
                                    SlipstreamChatAutoConfiguration.class));

    @Test
    void withoutAnyPropertyTheFirstEmbeddedModelTellsAStory() {
        runner.run(
                context -> {
                    TextGenerator generator = context.getBean(TextGenerator.class);
                    assertThat(generator.name())
                            .isEqualTo("storyteller-7m")
                            .isEqualTo(Models.embedded().get(0));
                    Generation generation =
                            generator.generate(
                                    generator.prompt("Once upon a time"),
                                    GenerationOptions.builder().maxTokens(12).build());
                    assertThat(generation.finishReason()).isEqualTo(FinishReason.LENGTH);
                    assertThat(generation.statistics().generatedTokens()).isEqualTo(12);
                    assertThat(generation.text()).containsPattern("[a-z]+ [a-z]+");
                });
    }

    @Test
    void twoNamedModelsOfTheSameFilesAnswerAlikeThroughChatClient() {
        runner.withPropertyValues(
                        "slipstream.models.exact.location=storyteller-7m",
                        "slipstream.models.exact.weights=fp32",
                        "slipstream.models.exact.generation.max-tokens=8",
                        "slipstream.models.exact.generation.temperature=0",
                        "slipstream.models.same.location=storyteller-7m",
                        "slipstream.models.same.weights=fp32",
                        "slipstream.models.same.context-length=64",
                        "slipstream.models.same.generation.max-tokens=8",
                        "slipstream.models.same.generation.temperature=0")
                .run(
                        context -> {
                            SlipstreamModels models = context.getBean(SlipstreamModels.class);
                            assertThat(models.status("same").contextLength()).isEqualTo(64);
                            ChatClient client =
                                    ChatClient.create(context.getBean(SlipstreamChatModel.class));
                            String called = client.prompt("The fox").call().content();
                            List<String> streamed =
                                    client
                                            .prompt("The fox")
                                            .options(ChatOptions.builder().model("same"))
                                            .stream()
                                            .content()
                                            .collectList()
                                            .block();
                            assertThat(
                                            Objects.requireNonNull(streamed).stream()
                                                    .collect(Collectors.joining()))
                                    .isEqualTo(called)
                                    .isNotBlank();
                            assertThat(streamed).hasSizeGreaterThan(2);
                        });
    }

    @Test
    void passesOfTheModelAreAppliedOnceAndKept(@TempDir Path directory) throws IOException {
        String prefix = "slipstream.models.tales.";
        ApplicationContextRunner passing =
                runner.withPropertyValues(
                        "slipstream.cache-directory=" + directory,
                        prefix + "location=stories260k",
                        prefix + "passes=remove:sub-layers=(attention.3,feed-forward.2)",
                        prefix + "generation.temperature=0",
                        prefix + "generation.max-tokens=12");
        String[] texts = new String[2];
        FileTime[] times = new FileTime[2];
        for (int start = 0; start < 2; start++) {
            int now = start;
            passing.run(
                    context -> {
                        SlipstreamModels models = context.getBean(SlipstreamModels.class);
                        TextGenerator tales = models.get("tales");
                        texts[now] =
                                tales.generate(tales.prompt("Once upon a time"), tales.defaults())
                                        .text();
                    });
            try (Stream<Path> files = Files.walk(directory)) {
                List<Path> graphs = files.filter(file -> file.endsWith("model.onnx")).toList();
                assertThat(graphs).hasSize(1);
                times[now] = Files.getLastModifiedTime(graphs.get(0));
            }
        }
        assertThat(texts[1]).isEqualTo(texts[0]).isNotBlank();
        assertThat(times[1]).isEqualTo(times[0]);
    }

    @Test
    void subLayerThatIsNotThereFailsWithThePassesProperty(@TempDir Path directory) {
        runner.withPropertyValues(
                        "slipstream.cache-directory=" + directory,
                        "slipstream.models.tales.location=stories260k",
                        "slipstream.models.tales.passes=remove:sub-layers=attention.99")
                .run(
                        context ->
                                assertThat(context)
                                        .getFailure()
                                        .hasStackTraceContaining(
                                                "slipstream.models.tales.passes[0]: ")
                                        .hasStackTraceContaining("attention.99"));
    }

    @Test
    void locationThatIsNothingFailsWithItsProperty() {
        runner.withPropertyValues("slipstream.models.tales.location=/no/such/place")
                .run(
                        context ->
                                assertThat(context)
                                        .getFailure()
                                        .hasStackTraceContaining(
                                                "slipstream.models.tales.location: /no/such/place:"
                                                        + " expected the name of an embedded model"));
    }
}
