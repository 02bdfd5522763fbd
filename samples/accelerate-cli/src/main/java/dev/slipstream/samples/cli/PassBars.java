package dev.slipstream.samples.cli;

import dev.slipstream.pass.Pass;
import dev.slipstream.pass.PipelineProgress;
import org.jspecify.annotations.Nullable;

/** A bar for each pass of a plan; one that says how far it is gets an estimate of what is left. */
final class PassBars implements PipelineProgress, AutoCloseable {
    private final Terminal terminal;
    private final int passes;
    private int begun;
    private String task = "";
    private boolean counted;
    private @Nullable Progress bar;

    /**
     * Constructs bars of a plan that has not begun.
     *
     * @param terminal where they are drawn
     * @param passes of the plan
     */
    PassBars(Terminal terminal, int passes) {
        this.terminal = terminal;
        this.passes = passes;
    }

    @Override
    public void begins(Pass pass) {
        begun++;
        task = "%s (%d of %d)".formatted(pass.spec().name(), begun, passes);
        counted = false;
        open(1);
    }

    @Override
    public void step(int done, int total) {
        Progress current = bar;
        if (current == null || !counted) {
            current = open(total);
            counted = true;
        }
        current.accept(done);
    }

    private Progress open(int total) {
        close();
        Progress opened = new Progress(terminal, task, " steps", total);
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
