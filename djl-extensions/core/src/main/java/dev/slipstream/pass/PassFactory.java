package dev.slipstream.pass;

/**
 * Makes passes of one name from what a plan says. Factories are found by {@link
 * java.util.ServiceLoader}: one on the class path is known to plans, to the command line and to the
 * properties.
 */
public interface PassFactory {
    /** Returns the name of the pass in plans: small letters, digits and dashes. */
    String name();

    /** Returns one line that says what the pass does, for lists. */
    String description();

    /**
     * Returns a number that grows when the pass makes another graph of the same parameters, so that
     * graphs which an earlier version made are not taken from a {@link PassCache} any more.
     */
    default int version() {
        return 1;
    }

    /**
     * Makes a pass.
     *
     * @param parameters from the plan; every one is asked for, also those left out, so that unknown
     *     ones can be told
     * @throws PassException that names the parameter, what was expected and what was found
     */
    Pass create(Parameters parameters);
}
