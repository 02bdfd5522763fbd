package dev.slipstream.runtime;

/** Which of its weights a model with two forms uses in a run; others have one form. */
enum RunForm {
    /** Those for few new tokens. */
    SHORT,
    /** Those for many. */
    LONG;

    /** Returns the value of the graph's switch. */
    byte flag() {
        return (byte) (this == LONG ? 1 : 0);
    }
}
