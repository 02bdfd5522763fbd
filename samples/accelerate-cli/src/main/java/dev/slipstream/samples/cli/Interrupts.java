package dev.slipstream.samples.cli;

/** Tells a running command that the user wants it to end. */
@FunctionalInterface
interface Interrupts {
    /**
     * Calls an action on Ctrl-C, instead of ending the process, until the registration is closed.
     *
     * @param action runs on another thread, possibly more than once
     */
    Registration during(Runnable action);

    /** An action that waits for Ctrl-C. */
    @FunctionalInterface
    interface Registration extends AutoCloseable {
        /** Gives Ctrl-C its usual meaning again. */
        @Override
        void close();
    }
}
