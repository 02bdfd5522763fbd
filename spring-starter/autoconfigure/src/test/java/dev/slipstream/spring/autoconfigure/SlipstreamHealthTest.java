package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.slipstream.spring.ScriptedGenerator;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class SlipstreamHealthTest {
    private final ApplicationContextRunner runner =
            new ApplicationContextRunner()
                    .withConfiguration(
                            AutoConfigurations.of(
                                    SlipstreamAutoConfiguration.class,
                                    SlipstreamHealthAutoConfiguration.class))
                    .withBean(
                            SlipstreamModelLoader.class,
                            () ->
                                    (name, location, options) ->
                                            new ScriptedGenerator(name, "a").queued())
                    .withPropertyValues(
                            "slipstream.models.tales.location=x",
                            "slipstream.models.poems.location=y");

    @Test
    void upWithDetailsOfEachModel() {
        runner.run(
                context -> {
                    Health health = context.getBean(HealthIndicator.class).health();
                    assertThat(health.getStatus()).isEqualTo(Status.UP);
                    assertThat(health.getDetails())
                            .containsOnlyKeys("tales", "poems")
                            .containsEntry(
                                    "tales",
                                    Map.of(
                                            "status",
                                            "open",
                                            "location",
                                            "x",
                                            "contextLength",
                                            64,
                                            "active",
                                            0,
                                            "queued",
                                            0));
                });
    }

    @Test
    void downWhenOneModelIsClosed() {
        runner.run(
                context -> {
                    context.getBean(SlipstreamModels.class).get("poems").close();
                    Health health = context.getBean(HealthIndicator.class).health();
                    assertThat(health.getStatus()).isEqualTo(Status.DOWN);
                    assertThat(health.getDetails().get("tales"))
                            .asInstanceOf(MAP)
                            .containsEntry("status", "open");
                    assertThat(health.getDetails().get("poems"))
                            .asInstanceOf(MAP)
                            .containsEntry("status", "closed");
                });
    }

    @Test
    void canBeSwitchedOff() {
        runner.withPropertyValues("management.health.slipstream.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(HealthIndicator.class));
    }

    @Test
    void backsOffFromTheUsersIndicator() {
        HealthIndicator mine = () -> Health.unknown().build();
        runner.withBean("slipstreamHealthIndicator", HealthIndicator.class, () -> mine)
                .run(context -> assertThat(context.getBean(HealthIndicator.class)).isSameAs(mine));
    }
}
