package dev.slipstream.spring.autoconfigure;

import dev.slipstream.cache.CacheStatistics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/** What a model holds and has found again, read whenever somebody looks. */
final class ModelMeters implements MeterBinder {
    private static final String PREFIX_CACHE = "slipstream.prefix.cache.";

    private final SlipstreamModels models;
    private final String model;

    ModelMeters(SlipstreamModels models, String model) {
        this.models = models;
        this.model = model;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        gauge("slipstream.requests.active", ModelStatus::active)
                .description("Requests that run now")
                .register(registry);
        gauge("slipstream.requests.queued", ModelStatus::queued)
                .description("Requests that wait now")
                .register(registry);
        ModelStatus status = models.status(model);
        if (status.keyValueBytes() != null) {
            gauge("slipstream.key.value.memory", ModelMeters::keyValueBytes)
                    .description("Memory for keys and values of the requests that run now")
                    .baseUnit("bytes")
                    .register(registry);
        }
        if (status.prefixCache() != null) {
            bindPrefixCache(registry);
        }
    }

    private void bindPrefixCache(MeterRegistry registry) {
        gauge(PREFIX_CACHE + "memory", status -> cache(status, CacheStatistics::bytes))
                .description("Memory of the prefix cache")
                .baseUnit("bytes")
                .register(registry);
        cacheCounter("lookups", CacheStatistics::lookups)
                .description("Requests that asked for the beginning of their prompt")
                .register(registry);
        cacheCounter("hits", CacheStatistics::hits)
                .description("Requests that got at least one token")
                .register(registry);
        cacheCounter("tokens.saved", CacheStatistics::tokensSaved)
                .description("Tokens that need not be computed")
                .register(registry);
        cacheCounter("evictions", CacheStatistics::evictions)
                .description("Pages that made room for others")
                .register(registry);
    }

    private Gauge.Builder<SlipstreamModels> gauge(
            String name, ToDoubleFunction<ModelStatus> value) {
        return Gauge.builder(name, models, m -> value.applyAsDouble(m.status(model)))
                .tag(RequestMeters.MODEL, model);
    }

    private FunctionCounter.Builder<SlipstreamModels> cacheCounter(
            String name, ToDoubleFunction<CacheStatistics> value) {
        return FunctionCounter.builder(
                        PREFIX_CACHE + name, models, m -> cache(m.status(model), value))
                .tag(RequestMeters.MODEL, model);
    }

    private static double keyValueBytes(ModelStatus status) {
        Long bytes = status.keyValueBytes();
        return bytes == null ? Double.NaN : bytes;
    }

    private static double cache(ModelStatus status, ToDoubleFunction<CacheStatistics> value) {
        CacheStatistics cache = status.prefixCache();
        return cache == null ? Double.NaN : value.applyAsDouble(cache);
    }
}
