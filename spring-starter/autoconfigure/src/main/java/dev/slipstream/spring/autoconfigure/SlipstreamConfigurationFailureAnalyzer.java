package dev.slipstream.spring.autoconfigure;

import dev.slipstream.zoo.Models;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * Tells which property keeps the application from starting, and where it was set. First in order,
 * because Spring Boot's analyser of binding errors would report the whole of {@code slipstream}.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class SlipstreamConfigurationFailureAnalyzer
        extends AbstractFailureAnalyzer<SlipstreamConfigurationException> {
    private final Environment environment;

    SlipstreamConfigurationFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(
            Throwable rootFailure, SlipstreamConfigurationException cause) {
        ConfigurationProperty found = find(cause.property());
        String description =
                found == null
                        ? "Slipstream cannot start. Property '%s' is not set, but has to change:%n%n    %s"
                                .formatted(cause.property(), cause.reason())
                        : "Slipstream cannot start. Property '%s' has the value '%s' (from %s):%n%n    %s"
                                .formatted(
                                        cause.property(),
                                        found.getValue(),
                                        found.getOrigin() != null
                                                ? found.getOrigin()
                                                : "an unknown place",
                                        cause.reason());
        String action =
                "Correct '%s'. Embedded models on the class path: %s."
                        .formatted(cause.property(), Models.embedded());
        return new FailureAnalysis(description, action, cause);
    }

    private @Nullable ConfigurationProperty find(String property) {
        ConfigurationPropertyName name = ConfigurationPropertyName.adapt(property, '.');
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            ConfigurationProperty found = source.getConfigurationProperty(name);
            if (found != null) {
                return found;
            }
        }
        return null;
    }
}
