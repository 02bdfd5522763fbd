package dev.slipstream.spring.autoconfigure;

import dev.slipstream.zoo.CacheOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * What is remembered of texts that a model has read, so that prompts which begin alike are read
 * once.
 *
 * @param size Most native memory for keys and values; 0 remembers nothing. 64MB if left out.
 * @param file Where they are kept from one start to the next: read when the model is opened,
 *     written when it is closed. It holds the tokens of prompts and answers. In memory only if left
 *     out.
 */
public record PrefixCacheProperties(@Nullable DataSize size, @Nullable Path file) {

    /** Returns the defaults with what is set here laid over them. */
    CacheOptions over(CacheOptions defaults) {
        return new CacheOptions(
                size != null ? size.toBytes() : defaults.bytes(),
                file != null ? file : defaults.file());
    }

    /** Checks every value; {@code prefix} is the full name of this group of properties. */
    void check(String prefix) {
        SlipstreamConfigurationException.check(
                prefix + ".size", () -> over(CacheOptions.defaults()));
    }
}
