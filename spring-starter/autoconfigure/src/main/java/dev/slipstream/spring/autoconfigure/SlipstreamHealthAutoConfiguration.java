package dev.slipstream.spring.autoconfigure;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** Reports the models' health, unless {@code management.health.slipstream.enabled} is false. */
@AutoConfiguration(after = SlipstreamAutoConfiguration.class)
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(SlipstreamModels.class)
public class SlipstreamHealthAutoConfiguration {
    // The last condition is on the method, because its class may be missing with the other one's.
    @Bean
    @ConditionalOnEnabledHealthIndicator("slipstream")
    @ConditionalOnMissingBean(name = "slipstreamHealthIndicator")
    HealthIndicator slipstreamHealthIndicator(SlipstreamModels models) {
        return new SlipstreamHealthIndicator(models);
    }
}
