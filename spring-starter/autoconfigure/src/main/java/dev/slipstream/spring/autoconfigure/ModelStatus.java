package dev.slipstream.spring.autoconfigure;

/**
 * How a model does at the moment.
 *
 * @param name in the application
 * @param location from which it was opened
 * @param contextLength the most tokens of prompt and answer
 * @param active requests that run now
 * @param queued requests that wait now
 * @param closed whether it was closed and serves no more
 */
public record ModelStatus(
        String name, String location, int contextLength, int active, int queued, boolean closed) {}
