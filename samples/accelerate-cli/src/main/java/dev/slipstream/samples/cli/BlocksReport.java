package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.decode.BlockWork;
import dev.slipstream.evaluate.DistinctNgrams;
import dev.slipstream.evaluate.Spread;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code blocks} tells, for people and for programs.
 *
 * @param command always {@code blocks}
 * @param model name of the model
 * @param weights precision asked for
 * @param judge name of the model that judged the texts
 * @param prompts how many were continued
 * @param maxTokens tokens of each continuation
 * @param rounds how often each was written
 * @param questions categories of the questions
 * @param rows token by token first, then one for each way
 */
record BlocksReport(
        String command,
        String model,
        String weights,
        String judge,
        int prompts,
        int maxTokens,
        int rounds,
        List<String> questions,
        List<Row> rows) {
    /**
     * One way to write.
     *
     * @param way its settings
     * @param tokensPerRun tokens of the texts for each run of the graph behind the prompt
     * @param denoisingRuns for each token
     * @param verificationRuns for each token
     * @param storingRuns for each token
     * @param reusedContexts which part of the denoising runs did not read the text before the block
     * @param tokensPerSecond after the first token
     * @param ratio of the rate to that token by token, over the rounds; absent for that itself
     * @param judgedNats mean surprise of the judge at a token of the texts
     * @param distinctBigrams which part of all pairs of tokens are different ones
     * @param distinctTrigrams which part of all runs of three
     * @param right which part of the questions of each category was answered right
     */
    record Row(
            String way,
            double tokensPerRun,
            double denoisingRuns,
            double verificationRuns,
            double storingRuns,
            double reusedContexts,
            double tokensPerSecond,
            @Nullable Spread ratio,
            double judgedNats,
            double distinctBigrams,
            double distinctTrigrams,
            double[] right) {
        static Row of(
                String way,
                BlockTrial.Texts texts,
                @Nullable Spread ratio,
                double judgedNats,
                double[] right) {
            double tokens = 0;
            double runs = 0;
            double denoising = 0;
            double verifying = 0;
            double storing = 0;
            double reused = 0;
            for (BlockTrial.Written written : texts.written()) {
                BlockWork work = written.statistics().work().blocks();
                // The first token comes with the prompt.
                int behind = Math.max(0, written.statistics().generatedTokens() - 1);
                tokens += behind;
                runs += work.runs() == 0 ? behind : work.runs();
                denoising += work.denoisingRuns();
                verifying += work.verificationRuns();
                storing += work.storingRuns();
                reused += work.reusedContexts();
            }
            List<int[]> ids = texts.written().stream().map(BlockTrial.Written::tokens).toList();
            return new Row(
                    way,
                    tokens / Math.max(1, runs),
                    denoising / Math.max(1, tokens),
                    verifying / Math.max(1, tokens),
                    storing / Math.max(1, tokens),
                    reused / Math.max(1, denoising),
                    texts.tokensPerSecond(),
                    ratio,
                    judgedNats,
                    DistinctNgrams.share(ids, 2),
                    DistinctNgrams.share(ids, 3),
                    right);
        }

        private List<String> cells() {
            List<String> cells = new ArrayList<>();
            cells.add(way);
            cells.add(format("%.2f", tokensPerRun));
            cells.add(format("%.2f + %.2f + %.2f", denoisingRuns, verificationRuns, storingRuns));
            cells.add(format("%.0f%%", 100 * reusedContexts));
            cells.add(format("%,.0f", tokensPerSecond));
            cells.add(ratio == null ? "1" : format("%.2f", ratio.median()));
            cells.add(ratio == null ? "" : format("%.2f to %.2f", ratio.least(), ratio.most()));
            cells.add(format("%.3f", judgedNats));
            cells.add(format("%.3f", distinctBigrams));
            cells.add(format("%.3f", distinctTrigrams));
            for (double part : right) {
                cells.add(format("%.1f%%", 100 * part));
            }
            return cells;
        }
    }

    @Override
    public String toString() {
        Table facts =
                new Table()
                        .row("model", format("%s, %s", model, weights))
                        .row(
                                "texts",
                                format(
                                        "%d passages, each continued by %d tokens, greedy, %d rounds",
                                        prompts, maxTokens, rounds))
                        .row("judge", judge);
        List<String> head =
                new ArrayList<>(
                        List.of(
                                "way",
                                "tokens/run",
                                "denoising + verifying + storing runs/token",
                                "reused",
                                "tokens/s",
                                "ratio",
                                "rounds",
                                "judge's nats",
                                "distinct-2",
                                "distinct-3"));
        questions.forEach(kind -> head.add("right: " + kind));
        Table table = new Table().row(head.toArray(String[]::new));
        rows.forEach(row -> table.row(row.cells().toArray(String[]::new)));
        return facts + "\n" + table;
    }
}
