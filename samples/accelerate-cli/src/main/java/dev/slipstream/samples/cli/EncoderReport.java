package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.evaluate.EncoderEvaluation;
import dev.slipstream.evaluate.Footprint;
import dev.slipstream.evaluate.Score;
import dev.slipstream.evaluate.Spread;
import dev.slipstream.evaluate.TaskScores;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What {@code evaluate} tells of a sentence encoder, for people and for programs.
 *
 * @param command always {@code evaluate}
 * @param model the candidate: name, pooling and passes
 * @param against the original: name and pooling
 * @param sts the file that quality is judged by
 * @param pairs of sentences in it
 * @param threads of one run of an encoder
 * @param spearmanLost the original's rank correlation minus the candidate's
 * @param cosine mean cosine of both vectors of a sentence
 * @param ratio of the candidate's rate to the original's
 * @param original what was measured of it
 * @param candidate what was measured of it
 */
record EncoderReport(
        String command,
        String model,
        String against,
        String sts,
        long pairs,
        int threads,
        double spearmanLost,
        double cosine,
        Spread ratio,
        Side original,
        Side candidate) {
    /** How the measurement was set up. */
    record Setting(String model, String against, String sts, int threads) {}

    /**
     * What was measured of one of two encoders.
     *
     * @param spearman rank correlation of cosines with people's judgements
     * @param sentencesPerSecond embedded, the tokenizer included
     * @param storedBytes of all weights
     * @param residentBytes by which the process grew; null where that is not told
     * @param tasks scores by the task's name
     */
    record Side(
            double spearman,
            Spread sentencesPerSecond,
            long storedBytes,
            @Nullable Long residentBytes,
            Map<String, Double> tasks) {
        static Side of(
                EncoderEvaluation evaluation,
                Function<TaskScores, Score> side,
                Spread rate,
                Footprint footprint) {
            Map<String, Double> tasks = new TreeMap<>();
            for (TaskScores task : evaluation.tasks()) {
                tasks.put(task.task(), side.apply(task).value());
            }
            return new Side(
                    side.apply(evaluation.similarity()).value(),
                    rate,
                    footprint.storedBytes(),
                    footprint.residentBytes(),
                    tasks);
        }
    }

    static EncoderReport of(Setting setting, EncoderEvaluation evaluation) {
        TaskScores similarity = evaluation.similarity();
        return new EncoderReport(
                "evaluate",
                setting.model(),
                setting.against(),
                setting.sts(),
                similarity.candidate().samples(),
                setting.threads(),
                similarity.original().value() - similarity.candidate().value(),
                evaluation.cosine(),
                evaluation.speed().ratio(),
                Side.of(
                        evaluation,
                        TaskScores::original,
                        evaluation.speed().originalSentencesPerSecond(),
                        evaluation.originalFootprint()),
                Side.of(
                        evaluation,
                        TaskScores::candidate,
                        evaluation.speed().sentencesPerSecond(),
                        evaluation.footprint()));
    }

    @Override
    public String toString() {
        Table facts =
                new Table()
                        .row("model", model)
                        .row("against", against)
                        .row("sts", format("%s, %,d pairs", sts, pairs))
                        .row("threads", format("%d", threads));
        Table table = new Table().row("", "original", "model", "change");
        row(table, "Spearman", s -> format("%.4f", s.spearman()), format("%+.4f", -spearmanLost));
        table.row("cosine to the original", "", format("%.4f", cosine), "");
        row(
                table,
                "sentences/s",
                s -> format("%,.1f", s.sentencesPerSecond().median()),
                format("%.2fx (%.2f-%.2f)", ratio.median(), ratio.least(), ratio.most()));
        row(
                table,
                "weights, bytes",
                s -> format("%,d", s.storedBytes()),
                format(
                        "%+.1f%%",
                        100 * ((double) candidate.storedBytes() / original.storedBytes() - 1)));
        row(
                table,
                "resident, bytes",
                s -> s.residentBytes() == null ? "-" : format("%,d", s.residentBytes()),
                "");
        for (String task : original.tasks().keySet()) {
            row(table, task, s -> format("%.4f", s.tasks().get(task)), "");
        }
        return facts + "\n" + table;
    }

    private void row(Table table, String name, Function<Side, String> value, String change) {
        table.row(name, value.apply(original), value.apply(candidate), change);
    }
}
