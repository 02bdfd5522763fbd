package dev.slipstream.zoo;

import java.util.Locale;

/** Whether a model is kept on disk as it was opened, so that the next start is a short one. */
public enum WarmStart {
    /** It is kept, and taken from there where nothing it was made from has changed. */
    ON,
    /** It is made anew at every start, and nothing is written. */
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
