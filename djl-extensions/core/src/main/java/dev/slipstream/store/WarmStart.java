package dev.slipstream.store;

import java.util.Locale;

/** Whether what a start makes is kept on disk, so that the next start is a short one. */
public enum WarmStart {
    /** Models are kept as they were opened, and taken from there where nothing has changed. */
    ON,
    /** All is made anew at every start, and nothing is written. */
    OFF;

    /** System property that says what holds where nobody chooses: {@code on} or {@code off}. */
    public static final String PROPERTY = "slipstream.warm-start";

    /**
     * Returns what holds where nobody chooses: on, unless {@value #PROPERTY} says {@code off} or
     * {@code false}.
     *
     * @throws IllegalArgumentException if it says something else
     */
    public static WarmStart usual() {
        String chosen = System.getProperty(PROPERTY, "on");
        return switch (chosen.strip().toLowerCase(Locale.ROOT)) {
            case "on", "true", "" -> ON;
            case "off", "false" -> OFF;
            default ->
                    throw new IllegalArgumentException(
                            "system property %s: expected on or off, found '%s'"
                                    .formatted(PROPERTY, chosen));
        };
    }
}
