package dev.slipstream.spring.autoconfigure;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Meters all models where there is a {@link MeterRegistry}. The meters sit around the model itself,
 * so that they count for every way in.
 */
@AutoConfiguration(
        after = SlipstreamAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration"
        })
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean(MeterRegistry.class)
public class SlipstreamMetricsAutoConfiguration {
    /** Outermost, so that what the application's own decorators take counts too. */
    @Bean
    @Order(Ordered.LOWEST_PRECEDENCE)
    @ConditionalOnMissingBean(name = "slipstreamRequestMeters")
    TextGeneratorDecorator slipstreamRequestMeters(MeterRegistry registry) {
        return generator ->
                new MeteredGenerator(generator, new RequestMeters(registry, generator.name()));
    }

    @Bean
    @ConditionalOnMissingBean(name = "slipstreamQueueMeters")
    MeterBinder slipstreamQueueMeters(SlipstreamModels models) {
        return registry ->
                models.names().forEach(name -> new ModelMeters(models, name).bindTo(registry));
    }
}
