package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.evaluate.Perplexity;
import java.util.List;

/**
 * What {@code perplexity} tells, for people and for programs.
 *
 * @param command always {@code perplexity}
 * @param model name of the model
 * @param text the file that was read
 * @param tokens that were foretold
 * @param characters of those tokens' text
 * @param window tokens of a window
 * @param stride tokens from one window to the next
 * @param results one for each precision, that of {@code --weights} first
 */
record PerplexityReport(
        String command,
        String model,
        String text,
        long tokens,
        long characters,
        int window,
        int stride,
        List<Result> results) {
    /**
     * The measure of one precision.
     *
     * @param weights the precision
     * @param natsPerToken mean cross-entropy in nats a token
     * @param perplexity e to the power of it
     * @param bitsPerCharacter mean cross-entropy in bits a character
     * @param loadSeconds to open the model
     * @param seconds to read the text
     */
    record Result(
            String weights,
            double natsPerToken,
            double perplexity,
            double bitsPerCharacter,
            double loadSeconds,
            double seconds) {
        static Result of(String weights, Perplexity measured, double loadSeconds, double seconds) {
            return new Result(
                    weights,
                    measured.natsPerToken(),
                    measured.perplexity(),
                    measured.bitsPerCharacter(),
                    loadSeconds,
                    seconds);
        }
    }

    @Override
    public String toString() {
        Table facts =
                new Table()
                        .row("model", model)
                        .row("text", text)
                        .row("read", format("%,d tokens, %,d characters", tokens, characters))
                        .row("window", format("%d tokens, stride %d", window, stride));
        boolean compared = results.size() > 1;
        String reference = compared ? results.get(1).weights() : "";
        Table table =
                new Table()
                        .row(
                                "weights",
                                "nats/token",
                                "perplexity",
                                "bits/character",
                                "seconds",
                                "tokens/s",
                                compared ? "nats/token - " + reference : "");
        for (Result result : results) {
            double beyond = result.natsPerToken() - results.get(compared ? 1 : 0).natsPerToken();
            table.row(
                    result.weights(),
                    format("%.4f", result.natsPerToken()),
                    format("%.3f", result.perplexity()),
                    format("%.4f", result.bitsPerCharacter()),
                    format("%.1f", result.seconds()),
                    format("%,.0f", tokens / result.seconds()),
                    compared ? format("%+.4f", beyond) : "");
        }
        return facts + "\n" + table;
    }
}
