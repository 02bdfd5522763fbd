package dev.slipstream.spring.autoconfigure;

import org.jspecify.annotations.Nullable;

/** A property that keeps the application from starting. */
public class SlipstreamConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String property;
    private final String reason;

    /**
     * Constructs an exception.
     *
     * @param property full name of the property that has to change
     * @param reason what was expected, what was found
     * @param cause what was thrown below; null if nothing was
     */
    public SlipstreamConfigurationException(
            String property, @Nullable String reason, @Nullable Throwable cause) {
        super(property + ": " + reason, cause);
        this.property = property;
        this.reason = String.valueOf(reason);
    }

    /**
     * Uses a property's value.
     *
     * @param property its full name
     * @param use throws an {@link IllegalArgumentException} if the value is wrong
     * @throws SlipstreamConfigurationException in its place, with the property's name
     */
    static void check(String property, Runnable use) {
        try {
            use.run();
        } catch (IllegalArgumentException e) {
            throw new SlipstreamConfigurationException(property, e.getMessage(), e);
        }
    }

    /** Returns the full name of the property that has to change. */
    public String property() {
        return property;
    }

    /** Returns what was expected, and what was found. */
    public String reason() {
        return reason;
    }
}
