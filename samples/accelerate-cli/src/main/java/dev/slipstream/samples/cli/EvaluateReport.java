package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.evaluate.Evaluation;
import dev.slipstream.evaluate.Quality;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.evaluate.Speed;
import dev.slipstream.evaluate.Spread;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What {@code evaluate} tells, for people and for programs.
 *
 * @param command always {@code evaluate}
 * @param model the candidate: name and precision
 * @param against the original: name and precision
 * @param text the file that quality is judged by
 * @param tokens that were foretold
 * @param window tokens of a window
 * @param stride tokens from one window to the next
 * @param threads of one run of a model
 * @param natsLost additional cross-entropy of the candidate in nats a token
 * @param divergence mean Kullback-Leibler divergence from the original in nats
 * @param agreement share of positions where both find the same token likeliest
 * @param ratio of the candidate's rate of decoding to the original's
 * @param firstTokenRatio of the original's time to the first token to the candidate's
 * @param original what was measured of it
 * @param candidate what was measured of it
 */
record EvaluateReport(
        String command,
        String model,
        String against,
        String text,
        long tokens,
        int window,
        int stride,
        int threads,
        double natsLost,
        double divergence,
        double agreement,
        Spread ratio,
        Spread firstTokenRatio,
        Measured original,
        Measured candidate) {
    /** How the measurement was set up. */
    record Setting(String model, String against, String text, SlidingWindow window, int threads) {}

    static EvaluateReport of(Setting setting, Evaluation evaluation) {
        Quality quality = evaluation.quality();
        Speed speed = evaluation.speed();
        return new EvaluateReport(
                "evaluate",
                setting.model(),
                setting.against(),
                setting.text(),
                quality.candidate().tokens(),
                setting.window().length(),
                setting.window().stride(),
                setting.threads(),
                quality.natsLost(),
                quality.divergence(),
                quality.agreement(),
                speed.ratio(),
                speed.firstTokenRatio(),
                Measured.original(evaluation),
                Measured.candidate(evaluation));
    }

    @Override
    public String toString() {
        Table facts =
                new Table()
                        .row("model", model)
                        .row("against", against)
                        .row("text", format("%s, %,d tokens", text, tokens))
                        .row("window", format("%d tokens, stride %d", window, stride))
                        .row("threads", format("%d", threads));
        Table table = new Table().row("", "original", "model", "change");
        row(table, "nats/token", m -> format("%.4f", m.natsPerToken()), format("%+.4f", natsLost));
        row(
                table,
                "perplexity",
                m -> format("%.3f", m.perplexity()),
                percent(candidate.perplexity(), original.perplexity()));
        row(table, "bits/character", m -> format("%.4f", m.bitsPerCharacter()), "");
        table.row("same likeliest token", "", format("%.2f%%", 100 * agreement), "");
        table.row("divergence, nats", "", format("%.4f", divergence), "");
        row(
                table,
                "decoding, tokens/s",
                m -> format("%,.1f", m.tokensPerSecond().median()),
                times(ratio));
        row(
                table,
                "first token, ms",
                m -> format("%,.2f", 1e3 * m.firstTokenSeconds().median()),
                times(firstTokenRatio));
        row(
                table,
                "weights, bytes",
                m -> format("%,d", m.storedBytes()),
                percent(candidate.storedBytes(), original.storedBytes()));
        row(table, "resident, bytes", m -> bytes(m.residentBytes()), "");
        for (String task : original.tasks().keySet()) {
            row(table, task, m -> format("%.4f", m.tasks().get(task)), "");
        }
        return facts + "\n" + table;
    }

    private void row(Table table, String name, Function<Measured, String> value, String change) {
        table.row(name, value.apply(original), value.apply(candidate), change);
    }

    private static String bytes(@Nullable Long value) {
        return value == null ? "-" : format("%,d", value);
    }

    private static String percent(double value, double base) {
        return format("%+.1f%%", 100 * (value / base - 1));
    }

    private static String times(Spread ratio) {
        return format("%.2fx (%.2f-%.2f)", ratio.median(), ratio.least(), ratio.most());
    }
}
