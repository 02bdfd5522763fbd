package dev.slipstream.samples.train;

import dev.slipstream.blocks.train.StepReport;
import dev.slipstream.blocks.train.TrainingWatch;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows a training: a bar where standard error is a terminal, else a line at least every ten
 * seconds.
 */
final class ProgressLines implements TrainingWatch, AutoCloseable {
    private static final double SECOND = 1e9;
    private static final long BETWEEN_LINES = 10_000_000_000L;
    private static final int WIDTH = 120;

    /** Of the running means: a step's own part. */
    private static final double FRESH = 0.05;

    private final PrintStream err;
    private final @Nullable ProgressBar bar;
    private final LongSupplier clock;
    private final Map<String, Double> means = new LinkedHashMap<>();
    private long stepStart;
    private long lastLine;
    private double secondsPerStep;

    /**
     * Constructs a view.
     *
     * @param err where it is shown
     * @param bars whether that is a terminal
     * @param done steps that are done already
     * @param steps of the whole training
     * @param clock in nanoseconds
     */
    ProgressLines(PrintStream err, boolean bars, int done, int steps, LongSupplier clock) {
        this.err = err;
        this.clock = clock;
        bar =
                bars
                        ? new ProgressBarBuilder()
                                .setTaskName("train")
                                .setInitialMax(steps)
                                .startsFrom(done, java.time.Duration.ZERO)
                                .setUnit(" steps", 1)
                                .setStyle(ProgressBarStyle.ASCII)
                                .setConsumer(new ConsoleProgressBarConsumer(err, WIDTH))
                                .build()
                        : null;
        stepStart = clock.getAsLong();
        lastLine = stepStart - BETWEEN_LINES;
    }

    @Override
    public void stepped(StepReport report) {
        long now = clock.getAsLong();
        double seconds = (now - stepStart) / SECOND;
        stepStart = now;
        secondsPerStep =
                secondsPerStep == 0 ? seconds : secondsPerStep + FRESH * (seconds - secondsPerStep);
        report.losses()
                .forEach(
                        (name, loss) ->
                                means.merge(name, loss, (old, one) -> old + FRESH * (one - old)));
        means.keySet().retainAll(report.losses().keySet());
        String state =
                String.format(
                        Locale.ROOT,
                        "%s, %.0f tokens/s, %s left",
                        losses(means),
                        report.tokens() / secondsPerStep,
                        time((report.steps() - report.step()) * secondsPerStep));
        if (bar != null) {
            bar.stepTo(report.step());
            bar.setExtraMessage(" " + state);
        } else if (now - lastLine >= BETWEEN_LINES || report.step() == report.steps()) {
            lastLine = now;
            err.printf(
                    Locale.ROOT,
                    "step %d/%d: %s, rate %.2e, gradient %.2f%n",
                    report.step(),
                    report.steps(),
                    state,
                    report.rate(),
                    report.gradientNorm());
        }
    }

    @Override
    public void validated(int step, Map<String, Double> losses) {
        err.printf("validation after %d steps: %s%n", step, losses(losses));
        stepStart = clock.getAsLong();
    }

    @Override
    public void saved(int step, Path directory) {
        err.printf("checkpoint after %d steps: %s%n", step, directory);
        stepStart = clock.getAsLong();
    }

    private static String losses(Map<String, Double> losses) {
        StringBuilder text = new StringBuilder();
        losses.forEach(
                (name, loss) ->
                        text.append(text.isEmpty() ? "" : ", ")
                                .append(String.format(Locale.ROOT, "%s %.4f", name, loss)));
        return text.toString();
    }

    private static String time(double seconds) {
        long whole = Math.round(seconds);
        return String.format(
                Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
