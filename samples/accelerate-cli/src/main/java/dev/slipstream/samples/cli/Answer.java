package dev.slipstream.samples.cli;

import dev.slipstream.decode.Statistics;

/**
 * A text and what it took.
 *
 * @param text without prompt
 * @param tokens its token ids, but for one that ended it
 * @param statistics of the request
 * @param decoding what it took
 */
record Answer(String text, int[] tokens, Statistics statistics, Decoding decoding) {}
