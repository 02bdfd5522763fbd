package dev.slipstream.spring.autoconfigure;

import dev.slipstream.schedule.BatchOptions;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * How the requests of one model share its runs.
 *
 * @param prefillChunk Tokens of prompts that one step reads, at least 1: more read prompts faster,
 *     fewer keep the other texts flowing more smoothly meanwhile.
 * @param keyValueMemory Most native memory for the keys and values of the requests that run at
 *     once, such as 2GB; those that do not fit wait. No limit but max-active if left out.
 */
public record BatchingProperties(
        @Nullable Integer prefillChunk, @Nullable DataSize keyValueMemory) {

    /** Returns the defaults with what is set here laid over them. */
    BatchOptions over(BatchOptions defaults) {
        BatchOptions options = defaults;
        if (prefillChunk != null) {
            options = options.withPrefillChunk(prefillChunk);
        }
        if (keyValueMemory != null) {
            options = options.withKeyValueBytes(keyValueMemory.toBytes());
        }
        return options;
    }

    /** Checks every value; {@code prefix} is the full name of this group of properties. */
    void check(String prefix) {
        SlipstreamConfigurationException.check(
                prefix + ".prefill-chunk",
                () -> new BatchingProperties(prefillChunk, null).over(BatchOptions.defaults()));
        SlipstreamConfigurationException.check(
                prefix + ".key-value-memory",
                () -> new BatchingProperties(null, keyValueMemory).over(BatchOptions.defaults()));
    }
}
