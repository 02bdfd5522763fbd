package dev.slipstream.evaluate;

/**
 * How fast two sentence encoders embedded the same texts in turns. A value has its spread over the
 * rounds; the ratio is taken within a round, so that whatever else the machine did meets both.
 *
 * @param originalSentencesPerSecond of the untouched encoder, the tokenizer included
 * @param sentencesPerSecond of the candidate
 * @param ratio the candidate's rate over the original's, above 1 if it is faster
 */
public record EmbeddingSpeed(
        Spread originalSentencesPerSecond, Spread sentencesPerSecond, Spread ratio) {}
