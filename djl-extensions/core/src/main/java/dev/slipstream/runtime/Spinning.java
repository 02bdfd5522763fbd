package dev.slipstream.runtime;

/** What the threads of a session do while they wait for work. */
public enum Spinning {
    /** They sleep: right wherever anything else runs on the machine. */
    OFF,
    /**
     * They burn their core for some tens of microseconds and sleep then: a third fewer sleeps a
     * token, and next to nothing is burnt between two runs. Slower than sleeping wherever anything
     * else runs on the machine.
     */
    BRIEF,
    /**
     * They burn their core: up to a third faster on a machine that does nothing else, several times
     * slower on a shared one.
     */
    ON
}
