package dev.slipstream.samples.cli;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@code throughput} tells, for people and for programs. Times are medians of the rounds.
 *
 * @param command always {@code throughput}
 * @param model name of the model
 * @param weights their precision
 * @param threads of a run of the model
 * @param promptTokens of each text
 * @param maxTokens of each text
 * @param rounds how often each was measured
 * @param streams the rates of each number of texts
 * @param longPrompt null if not asked for
 * @param sharedPrefix null if not asked for
 */
record ThroughputReport(
        String command,
        String model,
        String weights,
        int threads,
        int promptTokens,
        int maxTokens,
        int rounds,
        List<Streams> streams,
        @Nullable LongPrompt longPrompt,
        @Nullable SharedPrefix sharedPrefix) {
    /**
     * So many texts at once.
     *
     * @param streams texts
     * @param tokensPerSecond of all, from the first submission to the last token
     * @param ratio of that to the first row's
     * @param decodingTokensPerSecond of all, from the first text's first token on
     * @param decodingRatio of that to the first row's
     */
    record Streams(
            int streams,
            double tokensPerSecond,
            double ratio,
            double decodingTokensPerSecond,
            double decodingRatio) {}

    /**
     * Short requests while a long prompt is read.
     *
     * @param longTokens of the long prompt
     * @param shortTokens of the short ones
     * @param requests how many short ones there were in all
     * @param stepSeconds of a step that reads a piece of the long prompt, with the short ones in it
     * @param aloneSeconds to a short one's first token where nothing else runs
     * @param medianSeconds to a short one's first token
     * @param p95Seconds to the first token of all but the slowest 5 % of them
     * @param p95Steps the same in steps
     */
    record LongPrompt(
            int longTokens,
            int shortTokens,
            int requests,
            double stepSeconds,
            double aloneSeconds,
            double medianSeconds,
            double p95Seconds,
            double p95Steps) {}

    /**
     * Prompts that begin alike.
     *
     * @param sharedTokens that they begin with
     * @param ownTokens after them
     * @param cachedTokens that were found
     * @param missSeconds to the first token of the first prompt
     * @param hitSeconds to the first token of the second
     * @param ratio of hit to miss
     */
    record SharedPrefix(
            int sharedTokens,
            int ownTokens,
            int cachedTokens,
            double missSeconds,
            double hitSeconds,
            double ratio) {}

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(
                new Table()
                        .row("model", model + ", " + weights)
                        .row("threads", Integer.toString(threads))
                        .row("texts", format("%d + %d tokens", promptTokens, maxTokens))
                        .row("rounds", Integer.toString(rounds)));
        Table rates = new Table().row("streams", "tokens/s", "ratio", "decoding tokens/s", "ratio");
        for (Streams row : streams) {
            rates.row(
                    Integer.toString(row.streams),
                    format("%,.1f", row.tokensPerSecond),
                    format("%.2f", row.ratio),
                    format("%,.1f", row.decodingTokensPerSecond),
                    format("%.2f", row.decodingRatio));
        }
        text.append('\n').append(rates);
        if (longPrompt != null) {
            text.append('\n').append(table(longPrompt));
        }
        if (sharedPrefix != null) {
            text.append('\n').append(table(sharedPrefix));
        }
        return text.toString();
    }

    private static Table table(LongPrompt measured) {
        return new Table()
                .row("while a prompt is read of", measured.longTokens + " tokens")
                .row("a step of it", format("%.1f ms", measured.stepSeconds * 1e3))
                .row(
                        "short requests",
                        format("%d, of %d tokens", measured.requests, measured.shortTokens))
                .row("first token, alone", format("%.1f ms", measured.aloneSeconds * 1e3))
                .row("first token, median", format("%.1f ms", measured.medianSeconds * 1e3))
                .row(
                        "first token, 95 %",
                        format(
                                "%.1f ms, %.2f steps",
                                measured.p95Seconds * 1e3, measured.p95Steps));
    }

    private static Table table(SharedPrefix measured) {
        return new Table()
                .row(
                        "prompts of",
                        format(
                                "%d shared tokens, %d own ones",
                                measured.sharedTokens, measured.ownTokens))
                .row("found again", measured.cachedTokens + " tokens")
                .row("first token, new", format("%.1f ms", measured.missSeconds * 1e3))
                .row(
                        "first token, again",
                        format("%.1f ms, 1 / %.1f", measured.hitSeconds * 1e3, 1 / measured.ratio));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
