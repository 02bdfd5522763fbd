package dev.slipstream.oracle;

import java.util.OptionalInt;

/** How well a model foresees a text, from its logits at every position. */
public final class PlainPerplexity {
    private PlainPerplexity() {}

    /**
     * Computes the mean of {@code -ln p(token | the tokens before it in its window)}.
     *
     * <p>The text is cut into windows of {@code length} tokens, the last one shorter. Before each
     * comes the token that begins a text; without one, nothing foresees a window's first token and
     * it is not counted.
     *
     * @param model the model
     * @param text token ids
     * @param length tokens of a window, the begin token not counted
     * @param begin the token that begins a text, if the model has one
     * @return nats a token
     */
    public static double meanNats(OracleModel model, int[] text, int length, OptionalInt begin) {
        double nats = 0;
        long counted = 0;
        for (int from = 0; from < text.length; from += length) {
            int tokens = Math.min(length, text.length - from);
            int lead = begin.isPresent() ? 1 : 0;
            int[] window = new int[lead + tokens];
            begin.ifPresent(token -> window[0] = token);
            System.arraycopy(text, from, window, lead, tokens);
            float[][] logits = model.logits(window);
            for (int i = 1; i < window.length; i++) {
                nats -= logProbability(logits[i - 1], window[i]);
                counted++;
            }
        }
        return nats / counted;
    }

    /**
     * Returns the logarithm of the softmax at one id.
     *
     * @param logits one position's
     * @param id the token
     */
    public static double logProbability(float[] logits, int id) {
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return logits[id] - largest - Math.log(sum);
    }
}
