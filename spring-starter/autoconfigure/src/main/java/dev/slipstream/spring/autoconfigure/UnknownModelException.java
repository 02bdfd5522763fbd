package dev.slipstream.spring.autoconfigure;

import java.util.Collection;

/** A request for a model that the application does not have. */
public class UnknownModelException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String model;

    /**
     * Constructs an exception.
     *
     * @param model that was asked for
     * @param known names of the models that there are
     */
    public UnknownModelException(String model, Collection<String> known) {
        super("no model '%s'; the models are %s".formatted(model, known));
        this.model = model;
    }

    /** Returns the name that was asked for. */
    public String model() {
        return model;
    }
}
