package dev.slipstream.samples.cli;

import dev.slipstream.evaluate.EvaluationProgress;
import dev.slipstream.pass.Pass;
import dev.slipstream.pass.PipelineProgress;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A bar for each pass and each stage of an appraisal; ends them where the user wants that, a long
 * pass between two of its steps.
 */
final class AppraisalProgress implements EvaluationProgress, PipelineProgress, AutoCloseable {
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

    /** Ends an appraisal, where the user wants that. */
    private void go() {
        if (interrupted.getAsBoolean()) {
            throw new CancellationException();
        }
    }

    @Override
    public void begins(Pass pass) {
        go();
        close();
    }

    @Override
    public void step(int done, int total) {
        go();
        Progress current = bar == null ? open(" steps", total) : bar;
        current.accept(done);
    }

    @Override
    public void accept(Stage now, int done, int all) {
        go();
        Progress current = bar;
        if (current == null || now != stage) {
            current = open(now == Stage.QUALITY ? " tokens" : " texts", all);
            stage = now;
        }
        current.accept(done);
    }

    private Progress open(String unit, int all) {
        close();
        Progress opened = new Progress(terminal, task, unit, all);
        bar = opened;
        return opened;
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
