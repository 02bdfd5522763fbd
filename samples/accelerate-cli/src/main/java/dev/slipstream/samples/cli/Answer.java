package dev.slipstream.samples.cli;

/**
 * A text and what it took.
 *
 * @param text without prompt
 * @param decoding what it took
 */
record Answer(String text, Decoding decoding) {}
