package dev.slipstream.decode.template;

/** Python's {@code None}. */
enum None {
    NONE
}
