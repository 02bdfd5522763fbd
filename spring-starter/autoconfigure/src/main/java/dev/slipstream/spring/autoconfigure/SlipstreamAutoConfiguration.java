package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.TextGenerator;
import dev.slipstream.zoo.Models;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Opens the configured models, or the first embedded one if none is configured, and offers the
 * default one as a {@link TextGenerator}.
 */
@AutoConfiguration
@EnableConfigurationProperties(SlipstreamProperties.class)
public class SlipstreamAutoConfiguration {
    @Bean
    static OnnxRuntimeEngineInitializer slipstreamOnnxRuntimeEngineInitializer() {
        return new OnnxRuntimeEngineInitializer();
    }

    @Bean
    @ConditionalOnMissingBean
    SlipstreamModelLoader slipstreamModelLoader() {
        return (name, location, options) -> Models.load(location, options);
    }

    @Bean
    @ConditionalOnMissingBean
    SlipstreamModels slipstreamModels(
            SlipstreamProperties properties,
            SlipstreamModelLoader loader,
            ObjectProvider<TextGeneratorDecorator> decorators) {
        return new ConfiguredModels(properties, loader, decorators.orderedStream().toList()).open();
    }

    /** The registry owns the model and closes it, so the container must not. */
    @Bean(destroyMethod = "")
    @ConditionalOnMissingBean
    TextGenerator slipstreamTextGenerator(SlipstreamModels models) {
        return models.defaultModel();
    }
}
