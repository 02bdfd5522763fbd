package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.block.BorderRule;
import dev.slipstream.decode.block.ConfidenceUnmasking;
import dev.slipstream.decode.block.ContextReuse;
import dev.slipstream.decode.block.Delimiter;
import dev.slipstream.decode.block.SelfVerification;
import dev.slipstream.decode.block.Storing;
import dev.slipstream.decode.block.WindowRule;
import dev.slipstream.operators.NativeOperators;
import dev.slipstream.spring.ScriptedGenerator;
import dev.slipstream.zoo.BlockOptions;
import dev.slipstream.zoo.DecoderKind;
import dev.slipstream.zoo.LoadOptions;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Blocks as properties ask for them, up to a real model and its meters. */
class BlockPropertiesTest {
    private static final String TALES = "slipstream.models.tales.";

    @TempDir Path directory;

    private final List<LoadOptions> loaded = new ArrayList<>();

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner()
                    .withConfiguration(
                            AutoConfigurations.of(
                                    MetricsAutoConfiguration.class,
                                    CompositeMeterRegistryAutoConfiguration.class,
                                    SimpleMetricsExportAutoConfiguration.class,
                                    SlipstreamAutoConfiguration.class,
                                    SlipstreamMetricsAutoConfiguration.class));

    private ApplicationContextRunner scripted() {
        return runner.withBean(
                        SlipstreamModelLoader.class,
                        () ->
                                (name, location, options) -> {
                                    loaded.add(options);
                                    return new ScriptedGenerator(name, "a").queued();
                                })
                .withPropertyValues(TALES + "location=x");
    }

    @Test
    void everyPropertyReachesTheLoader() {
        scripted()
                .withPropertyValues(
                        TALES + "decoder=blocks",
                        TALES + "blocks.size=8",
                        TALES + "blocks.steps=4",
                        TALES + "blocks.unmasking=confidence:0.8",
                        TALES + "blocks.borders=adablock:usual=4,delimiters=newline|period",
                        TALES + "blocks.verification=policy=always",
                        TALES + "blocks.context-reuse=from=64,changes=3",
                        TALES + "blocks.storing=whole")
                .run(
                        context ->
                                assertThat(loaded)
                                        .extracting(LoadOptions::blocks)
                                        .containsExactly(
                                                new BlockOptions(
                                                        DecoderKind.BLOCKS,
                                                        8,
                                                        4,
                                                        new ConfidenceUnmasking(0.8),
                                                        new BorderRule.AtDelimiters(
                                                                4,
                                                                0.3,
                                                                Set.of(
                                                                        Delimiter.NEWLINE,
                                                                        Delimiter.PERIOD),
                                                                WindowRule.RELEASED),
                                                        SelfVerification.parse("policy=always"),
                                                        new ContextReuse(64, 3),
                                                        Storing.WHOLE)));
    }

    @Test
    void yamlsOnAndOffAreMeantAsTheyAreWritten() throws IOException {
        Path file = directory.resolve("application.yml");
        Files.writeString(
                file,
                """
                slipstream:
                  models:
                    tales:
                      blocks:
                        verification: on
                        context-reuse: off
                """);
        scripted()
                .withInitializer(new ConfigDataApplicationContextInitializer())
                .withPropertyValues("spring.config.location=" + file.toUri())
                .run(
                        context -> {
                            BlockOptions blocks = loaded.get(0).blocks();
                            assertThat(blocks.verification()).isEqualTo(SelfVerification.DEFAULT);
                            assertThat(blocks.contextReuse()).isNull();
                        });
    }

    @Test
    void nothingSaidLeavesItToTheModel() {
        scripted().run(context -> assertThat(loaded.get(0).blocks()).isEqualTo(BlockOptions.AUTO));
    }

    @Test
    void blocksBesideADrafterNameTheDraftersProperty() {
        scripted()
                .withPropertyValues(
                        TALES + "drafting.drafter=prompt-lookup", TALES + "decoder=blocks")
                .run(
                        context ->
                                assertThat(context)
                                        .getFailure()
                                        .rootCause()
                                        .hasMessageContaining("decoder: expected no blocks")
                                        .hasMessageContaining("prompt-lookup"));
    }

    @Test
    void aTaughtModelWritesBlocksAndMetersShowThem() throws IOException {
        assumeThat(NativeOperators.library()).isPresent();
        runner.withPropertyValues(
                        TALES + "location=" + taught(),
                        TALES + "blocks.verification=policy=always",
                        TALES + "warm-start=off")
                .run(
                        context -> {
                            TextGenerator generator = context.getBean(TextGenerator.class);
                            Generation text =
                                    generator.generate(
                                            generator.prompt("Once upon a time"),
                                            GenerationOptions.builder().maxTokens(20).build());
                            BlockWork work = text.statistics().work().blocks();
                            MeterRegistry registry = context.getBean(MeterRegistry.class);
                            assertThat(work.denoisingRuns()).isPositive();
                            assertThat(runs(registry, "denoising")).isEqualTo(work.denoisingRuns());
                            assertThat(runs(registry, "verification"))
                                    .isPositive()
                                    .isEqualTo(work.verificationRuns());
                            assertThat(runs(registry, "storing")).isEqualTo(work.storingRuns());
                        });
    }

    private static double runs(MeterRegistry registry, String kind) {
        return registry.get("slipstream.blocks.runs").tag("kind", kind).counter().count();
    }

    /** A decoder of single tokens whose configuration says that it writes blocks. */
    private Path taught() throws IOException {
        Path target = Files.createDirectory(directory.resolve("taught"));
        for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
            String resource = "META-INF/slipstream/models/storyteller-7m/" + name;
            try (InputStream from =
                    Objects.requireNonNull(
                            BlockPropertiesTest.class
                                    .getClassLoader()
                                    .getResourceAsStream(resource))) {
                Files.copy(from, target.resolve(name));
            }
        }
        Path config = target.resolve("config.json");
        String blocks =
                "\"slipstream\": {\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 3},";
        Files.writeString(
                config, Files.readString(config).replaceFirst("\"slipstream\": \\{", blocks));
        return target;
    }
}
