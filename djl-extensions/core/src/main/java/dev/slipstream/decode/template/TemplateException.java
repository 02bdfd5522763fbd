package dev.slipstream.decode.template;

/** A template that cannot be read or rendered. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private enum Origin {
        UNPLACED,
        PLACED,
        RAISED
    }

    private final Origin origin;

    private TemplateException(String message, Origin origin) {
        super(message);
        this.origin = origin;
    }

    TemplateException(String message) {
        this(message, Origin.UNPLACED);
    }

    /** The template's own refusal: its message is for the caller, so it names no line. */
    static TemplateException raised(String message) {
        return new TemplateException(message, Origin.RAISED);
    }

    static TemplateException at(int line, String message) {
        return new TemplateException("line " + line + ": " + message, Origin.PLACED);
    }

    TemplateException placed(int line) {
        if (origin != Origin.UNPLACED) {
            return this;
        }
        TemplateException placed = at(line, String.valueOf(getMessage()));
        placed.setStackTrace(getStackTrace());
        return placed;
    }

    /** Tells whether the template itself raised this, by {@code raise_exception}. */
    public boolean isRaised() {
        return origin == Origin.RAISED;
    }
}
