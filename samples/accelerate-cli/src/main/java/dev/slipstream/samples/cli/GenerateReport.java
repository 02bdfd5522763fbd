package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.Token;
import dev.slipstream.zoo.DrafterKind;
import dev.slipstream.zoo.LoadOptions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@code generate} tells of a text, for people and for programs.
 *
 * @param command always {@code generate}
 * @param model name of the model
 * @param weights precision asked for
 * @param contextLength of the model in tokens
 * @param prompt the text that was tokenised: for a chat, as the template rendered it
 * @param text the continuation
 * @param promptTokens tokens of the prompt
 * @param cachedTokens those of them that were remembered from an earlier prompt
 * @param generatedTokens tokens of the continuation, an end token included
 * @param graphRuns runs of the model's graph
 * @param finishReason why the text ended
 * @param seed of the random draws; absent for greedy decoding
 * @param loadSeconds to open the model
 * @param timeToFirstTokenSeconds from the request to the first token
 * @param elapsedSeconds from the request to the last token
 * @param tokensPerSecond after the first token
 * @param drafting what the drafter brought; absent without one
 * @param blocks what writing by blocks took; absent where the text was written token by token
 * @param skipping what the gates left out; absent where the model has none
 * @param tokens each with its log-probability and alternatives where asked for
 */
record GenerateReport(
        String command,
        String model,
        String weights,
        int contextLength,
        String prompt,
        String text,
        int promptTokens,
        int cachedTokens,
        int generatedTokens,
        int graphRuns,
        String finishReason,
        @Nullable Long seed,
        double loadSeconds,
        double timeToFirstTokenSeconds,
        double elapsedSeconds,
        double tokensPerSecond,
        @Nullable Drafting drafting,
        @Nullable Blocks blocks,
        @Nullable Skipping skipping,
        List<Token> tokens) {
    /**
     * What gates left out, after the prompt.
     *
     * @param skippedSubLayers that were not computed, counted for each token
     * @param gatedSubLayers that might not have been
     * @param share the first by the second
     */
    record Skipping(long skippedSubLayers, long gatedSubLayers, double share) {
        static @Nullable Skipping of(Statistics.Work work) {
            return work.gatedSubLayers() == 0
                    ? null
                    : new Skipping(
                            work.skippedSubLayers(), work.gatedSubLayers(), work.skippedShare());
        }
    }

    /**
     * What writing by blocks took, after the prompt.
     *
     * @param blocks that were finished
     * @param tokens that became known in blocks
     * @param denoisingRuns that predicted
     * @param verificationRuns that checked predictions
     * @param storingRuns that stored a finished block
     * @param tokensPerRun of all kinds, on average
     * @param verifiedTokens that a verification kept
     * @param keptContexts denoising runs whose attention over the text before the block was kept
     * @param reusedContexts denoising runs that used it again
     */
    record Blocks(
            int blocks,
            int tokens,
            int denoisingRuns,
            int verificationRuns,
            int storingRuns,
            double tokensPerRun,
            int verifiedTokens,
            int keptContexts,
            int reusedContexts) {
        static @Nullable Blocks of(BlockWork work) {
            return work.runs() == 0
                    ? null
                    : new Blocks(
                            work.blocks(),
                            work.tokens(),
                            work.denoisingRuns(),
                            work.verificationRuns(),
                            work.storingRuns(),
                            work.tokensPerRun(),
                            work.verifiedTokens(),
                            work.keptContexts(),
                            work.reusedContexts());
        }

        void rows(Table table) {
            table.row(
                            "blocks",
                            format(
                                    "%d of %d tokens in all, %.2f a run",
                                    blocks, tokens, tokensPerRun))
                    .row(
                            "runs",
                            format(
                                    "%d denoising, %d verifying, %d storing",
                                    denoisingRuns, verificationRuns, storingRuns));
            if (verificationRuns > 0) {
                table.row("verified", verifiedTokens + " tokens");
            }
            if (keptContexts > 0) {
                table.row(
                        "context",
                        format("kept by %d runs, reused by %d", keptContexts, reusedContexts));
            }
        }
    }

    /**
     * What a drafter brought.
     *
     * @param drafter its name
     * @param draftedTokens tokens that were proposed to the model
     * @param acceptedTokens those of them that stayed
     * @param verifications runs of the model after the prompt
     * @param acceptedPerVerification accepted tokens of one of those, on average
     * @param shares of the time after the first token
     */
    record Drafting(
            String drafter,
            int draftedTokens,
            int acceptedTokens,
            int verifications,
            double acceptedPerVerification,
            Stages.Shares shares) {
        static @Nullable Drafting of(
                DrafterKind drafter, Statistics.Work prefill, Statistics.Work work) {
            return drafter == DrafterKind.NONE
                    ? null
                    : new Drafting(
                            drafter.label(),
                            work.draftedTokens(),
                            work.acceptedTokens(),
                            work.verifications(),
                            work.acceptedPerVerification(),
                            Stages.between(prefill, work).shares());
        }
    }

    static GenerateReport of(
            TextGenerator generator,
            LoadOptions loading,
            Duration load,
            Prompt prompt,
            GenerationOptions options,
            String text,
            List<Token> tokens,
            FinishReason reason,
            Statistics.Work prefill,
            Statistics statistics) {
        return new GenerateReport(
                "generate",
                generator.name(),
                loading.precision().name().toLowerCase(Locale.ROOT),
                generator.contextLength(),
                prompt.text(),
                text,
                statistics.promptTokens(),
                statistics.work().cachedTokens(),
                statistics.generatedTokens(),
                statistics.graphRuns(),
                reason.name().toLowerCase(Locale.ROOT),
                options.temperature() > 0 ? options.seed() : null,
                seconds(load),
                seconds(statistics.timeToFirstToken()),
                seconds(statistics.elapsed()),
                statistics.tokensPerSecond(),
                Drafting.of(loading.drafting().drafter(), prefill, statistics.work()),
                Blocks.of(statistics.work().blocks()),
                Skipping.of(statistics.work()),
                tokens);
    }

    /** Returns the statistics, one a line. */
    String statistics() {
        Table table =
                new Table()
                        .row("model", "%s, %s".formatted(model, weights))
                        .row(
                                "prompt",
                                promptTokens
                                        + " tokens"
                                        + (cachedTokens > 0
                                                ? ", " + cachedTokens + " of them cached"
                                                : ""))
                        .row(
                                "generated",
                                format(
                                        "%d tokens, %.1f tokens/s after the first",
                                        generatedTokens, tokensPerSecond))
                        .row("first token", format("%.1f ms", timeToFirstTokenSeconds * 1e3))
                        .row("finish reason", finishReason.replace('_', ' '));
        if (drafting != null) {
            Stages.Shares shares = drafting.shares();
            table.row("drafter", drafting.drafter())
                    .row(
                            "drafted",
                            format(
                                    "%d tokens, %d accepted, %.2f a verification",
                                    drafting.draftedTokens(),
                                    drafting.acceptedTokens(),
                                    drafting.acceptedPerVerification()))
                    .row(
                            "time",
                            format(
                                    "drafting %.0f%%, verifying %.0f%%, sampling %.0f%%",
                                    100 * shares.drafting(),
                                    100 * shares.verifying(),
                                    100 * shares.sampling()));
        }
        if (blocks != null) {
            blocks.rows(table);
        }
        if (skipping != null) {
            table.row(
                    "skipped",
                    format(
                            "%.0f%% of the sub-layers behind gates, %d of %d",
                            100 * skipping.share(),
                            skipping.skippedSubLayers(),
                            skipping.gatedSubLayers()));
        }
        if (seed != null) {
            table.row("seed", seed.toString());
        }
        return table.row("load time", format("%.2f s", loadSeconds)).toString();
    }

    /** Returns a table of the tokens' log-probabilities. */
    String logProbabilities() {
        Table table = new Table().row("id", "log-prob", "token", "alternatives");
        for (Token token : tokens) {
            StringBuilder others = new StringBuilder();
            for (Token.Alternative other : token.alternatives()) {
                others.append(format("%s %.4f  ", quoted(other.text()), other.logProbability()));
            }
            Double own = token.logProbability();
            table.row(
                    Integer.toString(token.id()),
                    own == null ? "" : format("%.4f", own),
                    quoted(token.text()),
                    others.toString());
        }
        return table.toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\"", "\\\"") + '"';
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
