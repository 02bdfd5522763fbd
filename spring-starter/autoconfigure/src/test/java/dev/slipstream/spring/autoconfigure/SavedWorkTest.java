package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.slipstream.cache.CacheStatistics;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Drafts and the prefix cache of a real model, as properties ask for them and meters show them. */
class SavedWorkTest {
    private static final String PROMPT =
            "Once upon a time there was a cat. The cat sat. The cat sat. The cat sat. The cat";

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner()
                    .withConfiguration(
                            AutoConfigurations.of(
                                    MetricsAutoConfiguration.class,
                                    CompositeMeterRegistryAutoConfiguration.class,
                                    SimpleMetricsExportAutoConfiguration.class,
                                    SlipstreamAutoConfiguration.class,
                                    SlipstreamHealthAutoConfiguration.class,
                                    SlipstreamMetricsAutoConfiguration.class))
                    .withPropertyValues(
                            "slipstream.models.tales.location=stories260k",
                            "slipstream.models.tales.weights=fp32");

    private static Generation generate(TextGenerator generator) {
        return generator.generate(
                generator.prompt(PROMPT), GenerationOptions.builder().maxTokens(40).build());
    }

    private static double counter(MeterRegistry registry, String name) {
        return registry.get(name).tag("model", "tales").functionCounter().count();
    }

    @Test
    void draftsAndRememberedPromptsShowAndLeaveTheTextAlone() {
        String[] plain = new String[1];
        runner.withPropertyValues("slipstream.models.tales.prefix-cache.size=0")
                .run(context -> plain[0] = generate(context.getBean(TextGenerator.class)).text());
        runner.withPropertyValues(
                        "slipstream.models.tales.drafting.drafter=prompt-lookup",
                        "slipstream.models.tales.drafting.length=constant:3")
                .run(
                        context -> {
                            TextGenerator generator = context.getBean(TextGenerator.class);
                            assertThat(generate(generator).text()).isEqualTo(plain[0]);
                            Generation second = generate(generator);
                            assertThat(second.text()).isEqualTo(plain[0]);

                            MeterRegistry registry = context.getBean(MeterRegistry.class);
                            CacheStatistics cache =
                                    Objects.requireNonNull(
                                            context.getBean(SlipstreamModels.class)
                                                    .status("tales")
                                                    .prefixCache());
                            assertThat(cache.tokensSaved())
                                    .isPositive()
                                    .isEqualTo(second.statistics().work().cachedTokens());
                            String meters = "slipstream.prefix.cache.";
                            assertThat(counter(registry, meters + "lookups")).isEqualTo(2);
                            assertThat(counter(registry, meters + "hits")).isEqualTo(1);
                            assertThat(counter(registry, meters + "evictions")).isZero();
                            assertThat(counter(registry, meters + "tokens.saved"))
                                    .isEqualTo(cache.tokensSaved());
                            assertThat(registry.get(meters + "memory").gauge().value())
                                    .isPositive();
                            assertThat(count(registry, "slipstream.tokens.cached"))
                                    .isEqualTo(cache.tokensSaved());
                            assertThat(count(registry, "slipstream.tokens.drafted"))
                                    .isPositive()
                                    .isGreaterThanOrEqualTo(
                                            count(registry, "slipstream.tokens.accepted"));
                            assertThat(count(registry, "slipstream.tokens.accepted")).isPositive();
                        });
    }

    private static double count(MeterRegistry registry, String name) {
        return registry.get(name).tag("model", "tales").counter().count();
    }

    @Test
    void healthTellsOfMemoryAndPrefixCache() {
        runner.withPropertyValues("slipstream.models.tales.prefix-cache.size=1MB")
                .run(
                        context -> {
                            Health health = context.getBean(HealthIndicator.class).health();
                            assertThat(health.getDetails().get("tales"))
                                    .asInstanceOf(MAP)
                                    .containsEntry("keyValueBytes", 0L)
                                    .extractingByKey("prefixCache", MAP)
                                    .containsEntry("budget", 1L << 20)
                                    .containsEntry("lookups", 0L)
                                    .containsOnlyKeys(
                                            "bytes",
                                            "budget",
                                            "lookups",
                                            "hits",
                                            "tokensSaved",
                                            "evictions");
                        });
    }

    @Test
    void withoutPrefixCacheThereIsNothingToTellOfIt() {
        runner.withPropertyValues("slipstream.models.tales.prefix-cache.size=0")
                .run(
                        context -> {
                            MeterRegistry registry = context.getBean(MeterRegistry.class);
                            assertThat(registry.get("slipstream.key.value.memory").gauge().value())
                                    .isZero();
                            assertThat(registry.find("slipstream.prefix.cache.memory").gauge())
                                    .isNull();
                            assertThat(
                                            context.getBean(HealthIndicator.class)
                                                    .health()
                                                    .getDetails()
                                                    .get("tales"))
                                    .asInstanceOf(MAP)
                                    .doesNotContainKey("prefixCache");
                        });
    }

    @Test
    void prefixCacheOutlivesTheApplicationInItsFile(@TempDir Path directory) {
        ApplicationContextRunner keeping =
                runner.withPropertyValues(
                        "slipstream.models.tales.prefix-cache.file="
                                + directory.resolve("tales.cache"));
        keeping.run(
                context ->
                        assertThat(
                                        generate(context.getBean(TextGenerator.class))
                                                .statistics()
                                                .work()
                                                .cachedTokens())
                                .isZero());
        keeping.run(
                context ->
                        assertThat(
                                        generate(context.getBean(TextGenerator.class))
                                                .statistics()
                                                .work()
                                                .cachedTokens())
                                .isPositive());
    }
}
