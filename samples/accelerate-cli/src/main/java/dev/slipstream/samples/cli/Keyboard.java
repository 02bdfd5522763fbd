package dev.slipstream.samples.cli;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.utils.Signals;

/**
 * Ctrl-C of the process. The signal is taken before the JVM sees it: a shutdown hook would race
 * with ONNX Runtime's own, which frees the environment that a running model still uses.
 */
final class Keyboard implements Interrupts {
    @Override
    public Registration during(Runnable action) {
        AtomicBoolean pressed = new AtomicBoolean();
        Object previous =
                Signals.register(
                        "INT",
                        () -> {
                            if (pressed.getAndSet(true)) {
                                Runtime.getRuntime().halt(CommandTree.INTERRUPTED);
                            }
                            action.run();
                        });
        return () -> Signals.unregister("INT", previous);
    }
}
