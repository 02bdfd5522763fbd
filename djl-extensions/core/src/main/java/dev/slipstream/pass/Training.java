package dev.slipstream.pass;

/** Which models may be narrowed to their first neurons. */
public enum Training {
    /** Only those that were trained so, and say it in their metadata. */
    NESTED,
    /**
     * All. In a model that was not trained so, the first neurons are any neurons: expect worse text
     * than from a smaller model of the same size.
     */
    ANY
}
