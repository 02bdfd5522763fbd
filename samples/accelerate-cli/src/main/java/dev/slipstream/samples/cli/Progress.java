package dev.slipstream.samples.cli;

import java.util.function.IntConsumer;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A bar on standard error while work goes on; nothing where that is not a terminal. */
final class Progress implements AutoCloseable, IntConsumer {
    private static final int WIDTH = 79;

    private final @Nullable ProgressBar bar;

    /**
     * Starts a bar.
     *
     * @param terminal where it is drawn
     * @param task what goes on
     * @param unit of what is counted, such as {@code " tokens"}
     * @param count how many there are to do
     */
    Progress(Terminal terminal, String task, String unit, int count) {
        bar =
                terminal.bars().getAsBoolean()
                        ? new ProgressBarBuilder()
                                .setTaskName(task)
                                .setInitialMax(count)
                                .setUnit(unit, 1)
                                .setStyle(ProgressBarStyle.ASCII)
                                .setConsumer(new ConsoleProgressBarConsumer(terminal.err(), WIDTH))
                                .clearDisplayOnFinish()
                                .build()
                        : null;
    }

    /** Shows how many are done. */
    @Override
    public void accept(int done) {
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    /** Removes the bar. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
