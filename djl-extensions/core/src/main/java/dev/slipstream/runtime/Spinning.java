package dev.slipstream.runtime;

/** What the threads of a session do while they wait for work. */
public enum Spinning {
    /** They sleep: right where the machine is overloaded. */
    OFF,
    /**
     * They burn their core for some 20 microseconds and sleep then: as fast as burning it all the
     * while, 1.5 times sleeping at two threads, and next to nothing is burnt between two runs.
     */
    BRIEF,
    /** They burn their core: no faster than briefly, several times slower on a shared machine. */
    ON
}
