package dev.slipstream.spring.autoconfigure;

import dev.slipstream.cache.CacheStatistics;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Down as soon as one model is closed; the details tell how each one does. */
class SlipstreamHealthIndicator implements HealthIndicator {
    private final SlipstreamModels models;

    SlipstreamHealthIndicator(SlipstreamModels models) {
        this.models = models;
    }

    @Override
    public Health health() {
        Health.Builder health = Health.up();
        for (String name : models.names()) {
            ModelStatus status = models.status(name);
            if (status.closed()) {
                health.down();
            }
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("status", status.closed() ? "closed" : "open");
            details.put("location", status.location());
            details.put("contextLength", status.contextLength());
            if (!status.efforts().isEmpty()) {
                details.put("passes", status.passes());
                details.put("efforts", status.efforts());
            }
            details.put("active", status.active());
            details.put("queued", status.queued());
            if (status.keyValueBytes() != null) {
                details.put("keyValueBytes", status.keyValueBytes());
            }
            if (status.prefixCache() != null) {
                details.put("prefixCache", details(status.prefixCache()));
            }
            health.withDetail(name, details);
        }
        return health.build();
    }

    private static Map<String, Object> details(CacheStatistics cache) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("bytes", cache.bytes());
        details.put("budget", cache.budget());
        details.put("lookups", cache.lookups());
        details.put("hits", cache.hits());
        details.put("tokensSaved", cache.tokensSaved());
        details.put("evictions", cache.evictions());
        return details;
    }
}
