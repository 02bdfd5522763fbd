package dev.slipstream.decode;

import java.nio.FloatBuffer;

/**
 * Draws the token of each position as plain decoding does, and accepts the proposed one if it is
 * the same. At temperature 0 that is equality with the likeliest token. Above, a proposed token y
 * stays with probability p(y), and else the token is one of p without y: the exact rule for a
 * proposal that was not drawn at random. As it takes the same random numbers in the same order as
 * plain decoding, a seed gives the same text with and without drafts.
 */
final class EqualTokens implements Acceptance {
    @Override
    public int choose(Sampler sampler, FloatBuffer logits, Draft draft, int index) {
        return sampler.sample(logits);
    }
}
