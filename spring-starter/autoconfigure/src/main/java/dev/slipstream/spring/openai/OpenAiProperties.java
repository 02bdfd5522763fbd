package dev.slipstream.spring.openai;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Settings of the OpenAI-compatible HTTP interface.
 *
 * @param enabled whether the application serves it
 * @param path before every address of the interface
 * @param maxRequestSize the largest body of a request; larger ones are answered with status 413
 * @param pingInterval how long an answer may be silent, while it waits in the queue or the model
 *     reads the prompt, before a sign of life is written, which also finds out whether the client
 *     is still there
 */
@ConfigurationProperties("slipstream.openai")
public record OpenAiProperties(
        @DefaultValue("false") boolean enabled,
        @DefaultValue("/v1") String path,
        @DefaultValue("2MB") DataSize maxRequestSize,
        @DefaultValue("1s") Duration pingInterval) {

    /** Checks the values. */
    public OpenAiProperties {
        if (!path.matches("(/[\\w.~-]+)+")) {
            throw new IllegalArgumentException(
                    "slipstream.openai.path: expected a path such as /v1, with a slash before"
                            + " and none after it, found "
                            + path);
        }
        if (maxRequestSize.toBytes() < 1 || maxRequestSize.toBytes() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "slipstream.openai.max-request-size: expected 1 B to 2047 MB, found "
                            + maxRequestSize);
        }
        if (pingInterval.toMillis() < 1) {
            throw new IllegalArgumentException(
                    "slipstream.openai.ping-interval: expected 1 ms or more, found "
                            + pingInterval);
        }
    }
}
