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
        String property = cause.property();
        ConfigurationProperty found = find(property);
        if (found == null && property.endsWith("]")) {
            // A list in one value, cut at its commas, has no properties with numbers.
            property = property.substring(0, property.lastIndexOf('['));
            found = find(property);
        }
        ConfigurationProperty first = find(property + "[0]");
        String state;
        if (found != null) {
            state = "has the value '%s' (from %s)".formatted(found.getValue(), origin(found));
        } else if (first != null) {
            state = "cannot be what it is (from %s on)".formatted(origin(first));
        } else {
            state = "is not set, but has to change";
        }
        return new FailureAnalysis(
                "Slipstream cannot start. Property '%s' %s:%n%n    %s"
                        .formatted(property, state, cause.reason()),
                "Correct '%s'. Embedded models on the class path: %s."
                        .formatted(property, Models.embedded()),
                cause);
    }

    private static String origin(ConfigurationProperty property) {
        return property.getOrigin() != null ? property.getOrigin().toString() : "an unknown place";
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
