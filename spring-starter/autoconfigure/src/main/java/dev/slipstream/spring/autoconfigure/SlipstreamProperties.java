package dev.slipstream.spring.autoconfigure;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties under {@code slipstream}. Ranges are checked while they are bound, by the records
 * of the core that they end in, so that a wrong one stops the application with its full name.
 *
 * @param models Models by name, in the order in which they are opened.
 * @param defaultModel Name of the model that serves requests which name none; the first if left
 *     out. Without any model configured, the embedded model to open.
 * @param cacheDirectory Where the results of passes and models as they were opened are kept from
 *     one start to the next; "slipstream" in $XDG_CACHE_HOME or ~/.cache if left out.
 * @param cacheLimit How much each of the two may take; the least recently used are removed then,
 *     but none that is in use. 10GB if left out.
 */
@ConfigurationProperties("slipstream")
public record SlipstreamProperties(
        @DefaultValue Map<String, ModelProperties> models,
        @Nullable String defaultModel,
        @Nullable Path cacheDirectory,
        @Nullable DataSize cacheLimit) {
    static final String MODELS = "slipstream.models.";
    static final String DEFAULT_MODEL = "slipstream.default-model";

    /** Copies the map and checks every value. */
    public SlipstreamProperties {
        models = Collections.unmodifiableMap(new LinkedHashMap<>(models));
        if (cacheLimit != null && cacheLimit.isNegative()) {
            throw new SlipstreamConfigurationException(
                    "slipstream.cache-limit", "expected 0 or more, found " + cacheLimit, null);
        }
        models.forEach((name, model) -> model.check(MODELS + name));
        if (defaultModel != null && !models.isEmpty() && !models.containsKey(defaultModel)) {
            throw new SlipstreamConfigurationException(
                    DEFAULT_MODEL,
                    "expected one of the configured models %s, found '%s'"
                            .formatted(models.keySet(), defaultModel),
                    null);
        }
    }
}
