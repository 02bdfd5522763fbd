package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.decode.Prompt;
import dev.slipstream.evaluate.Spread;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code bench} tells, for people and for programs.
 *
 * @param command always {@code bench}
 * @param model name of the model
 * @param weights precision asked for
 * @param maxTokens the most tokens of a text
 * @param temperature 0 for greedy decoding
 * @param seed of the random draws; absent for greedy decoding
 * @param rounds how often all prompts were to be decoded
 * @param interrupted whether Ctrl-C came before all were
 * @param sets one for each set of prompts
 */
record BenchReport(
        String command,
        String model,
        String weights,
        int maxTokens,
        double temperature,
        @Nullable Long seed,
        int rounds,
        boolean interrupted,
        List<Measured> sets) {
    /**
     * One set of prompts.
     *
     * @param name of the set
     * @param prompts how many
     * @param promptTokens of all of them
     * @param cutPrompts those that were too long and lost their beginning
     * @param results one for each drafter
     */
    record Measured(
            String name, int prompts, int promptTokens, int cutPrompts, List<Result> results) {
        static Measured of(
                String name,
                List<Prompt> prompts,
                int cutPrompts,
                Map<String, Comparison> comparisons,
                Check check) {
            return new Measured(
                    name,
                    prompts.size(),
                    prompts.stream().mapToInt(Prompt::length).sum(),
                    cutPrompts,
                    comparisons.entrySet().stream()
                            .filter(entry -> entry.getValue().pairs() > 0)
                            .map(entry -> Result.of(entry.getKey(), entry.getValue(), check))
                            .toList());
        }
    }

    /** Whether the texts have to be the same with and without a drafter. */
    enum Check {
        /** They have to. */
        SAME_TEXTS,
        /** They need not. */
        NONE
    }

    /**
     * Plain decoding and one drafter's on a set of prompts. Rates are in tokens per second; ratios
     * are the drafter's rate divided by the plain one, over the rounds.
     *
     * @param drafter its name
     * @param plainTokensPerSecond plain rate after the first token
     * @param tokensPerSecond the drafter's rate after the first token
     * @param ratio of these; absent if no text has a second token
     * @param plainTokensPerSecondWithPrompt plain rate from the request on
     * @param tokensPerSecondWithPrompt the drafter's rate from the request on
     * @param ratioWithPrompt of these
     * @param draftedTokens tokens that were proposed to the model
     * @param acceptedTokens those of them that stayed
     * @param steps runs of the model after the prompts
     * @param acceptedPerStep accepted tokens of one of those, on average
     * @param shares of the drafter's time after the first token
     * @param texts how many were decoded in each way
     * @param differentTexts those that are not the plain text; absent where they need not be
     */
    record Result(
            String drafter,
            double plainTokensPerSecond,
            double tokensPerSecond,
            @Nullable Spread ratio,
            double plainTokensPerSecondWithPrompt,
            double tokensPerSecondWithPrompt,
            @Nullable Spread ratioWithPrompt,
            int draftedTokens,
            int acceptedTokens,
            int steps,
            double acceptedPerStep,
            Stages.Shares shares,
            int texts,
            @Nullable Integer differentTexts) {
        static Result of(String drafter, Comparison comparison, Check check) {
            Decoding plain = comparison.plain();
            Decoding drafted = comparison.drafted();
            return new Result(
                    drafter,
                    plain.tokensPerSecond(),
                    drafted.tokensPerSecond(),
                    comparison.ratio(Decoding::tokensPerSecond),
                    plain.tokensPerSecondWithPrompt(),
                    drafted.tokensPerSecondWithPrompt(),
                    comparison.ratio(Decoding::tokensPerSecondWithPrompt),
                    drafted.draftedTokens(),
                    drafted.acceptedTokens(),
                    drafted.steps(),
                    drafted.acceptedPerStep(),
                    drafted.stages().shares(),
                    comparison.pairs(),
                    check == Check.NONE ? null : comparison.different());
        }

        private String sameText() {
            if (differentTexts == null) {
                return "unchecked";
            }
            return differentTexts == 0
                    ? "yes"
                    : format("no: %d of %d differ", differentTexts, texts);
        }
    }

    @Override
    public String toString() {
        Table facts =
                new Table()
                        .row("model", format("%s, %s", model, weights))
                        .row("texts", texts())
                        .row("rounds", Integer.toString(rounds));
        Table table =
                new Table()
                        .row(
                                "set",
                                "drafter",
                                "plain tokens/s",
                                "tokens/s",
                                "ratio",
                                "least",
                                "most",
                                "with prompt",
                                "accepted/step",
                                "drafting",
                                "verifying",
                                "sampling",
                                "same text");
        for (Measured set : sets) {
            facts.row(
                    set.name(),
                    format(
                            "%d prompts of %.0f tokens on average%s",
                            set.prompts(),
                            (double) set.promptTokens() / Math.max(1, set.prompts()),
                            set.cutPrompts() == 0
                                    ? ""
                                    : ", "
                                            + set.cutPrompts()
                                            + " of them cut: too long, only the end was read"));
            set.results().forEach(result -> row(table, set.name(), result));
        }
        return facts + "\n" + table;
    }

    private String texts() {
        String draws =
                seed == null ? "greedy" : format("temperature %s, seed %d", temperature, seed);
        return format("at most %d tokens, %s", maxTokens, draws);
    }

    private static void row(Table table, String set, Result result) {
        Spread ratio = result.ratio();
        Spread withPrompt = result.ratioWithPrompt();
        table.row(
                set,
                result.drafter(),
                format("%,.1f", result.plainTokensPerSecond()),
                format("%,.1f", result.tokensPerSecond()),
                ratio == null ? "-" : format("%.2f", ratio.median()),
                ratio == null ? "-" : format("%.2f", ratio.least()),
                ratio == null ? "-" : format("%.2f", ratio.most()),
                withPrompt == null ? "-" : format("%.2f", withPrompt.median()),
                format("%.2f", result.acceptedPerStep()),
                percent(result.shares().drafting()),
                percent(result.shares().verifying()),
                percent(result.shares().sampling()),
                result.sameText());
    }

    private static String percent(double share) {
        return format("%.0f%%", 100 * share);
    }
}
