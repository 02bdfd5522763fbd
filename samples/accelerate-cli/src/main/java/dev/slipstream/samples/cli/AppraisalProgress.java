package dev.slipstream.samples.cli;

import dev.slipstream.evaluate.EvaluationProgress;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A bar for each stage of an appraisal; ends the appraisal where the user wants that. */
final class AppraisalProgress implements EvaluationProgress, AutoCloseable {
    private static final int TASK_WIDTH = 36;

    private final Terminal terminal;
    private final String task;
    private final BooleanSupplier interrupted;
    private @Nullable Stage stage;
    private @Nullable Progress bar;

    /**
     * Constructs a progress without a bar yet.
     *
     * @param terminal where bars are drawn
     * @param task what goes on
     * @param interrupted whether to end
     */
    AppraisalProgress(Terminal terminal, String task, BooleanSupplier interrupted) {
        this.terminal = terminal;
        this.task = task.length() <= TASK_WIDTH ? task : task.substring(0, TASK_WIDTH - 1) + "…";
        this.interrupted = interrupted;
    }

    /** Ends an appraisal before it begins, where the user wants that. */
    void begins() {
        if (interrupted.getAsBoolean()) {
            throw new CancellationException();
        }
    }

    @Override
    public void accept(Stage now, int done, int all) {
        begins();
        Progress current = bar;
        if (current == null || now != stage) {
            close();
            String unit = now == Stage.QUALITY ? " tokens" : " texts";
            current = new Progress(terminal, task, unit, all);
            bar = current;
            stage = now;
        }
        current.accept(done);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
