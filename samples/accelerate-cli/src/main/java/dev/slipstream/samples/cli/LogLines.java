package dev.slipstream.samples.cli;

import java.io.PrintStream;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * What the libraries log, one line a message among the command's own: of Slipstream that a pass
 * begins or is taken from the cache, of all others warnings only.
 */
final class LogLines extends Handler {
    private static final String OWN = "dev.slipstream";

    private final PrintStream target;
    private final Formatter messages = new SimpleFormatter();

    LogLines(PrintStream target) {
        this.target = target;
    }

    /** Takes the place of the process's handlers, unless its user has configured logging. */
    static void install(PrintStream target) {
        if (System.getProperty("java.util.logging.config.file") != null
                || System.getProperty("java.util.logging.config.class") != null) {
            return;
        }
        LogManager.getLogManager().reset();
        Logger.getLogger("").addHandler(new LogLines(target));
    }

    @Override
    public void publish(LogRecord message) {
        boolean warning = message.getLevel().intValue() >= Level.WARNING.intValue();
        boolean own = String.valueOf(message.getLoggerName()).startsWith(OWN);
        if (!warning && !(own && message.getLevel().intValue() >= Level.INFO.intValue())) {
            return;
        }
        target.println((warning ? "warning: " : "") + messages.formatMessage(message));
        target.flush();
    }

    @Override
    public void flush() {
        target.flush();
    }

    @Override
    public void close() {
        target.flush();
    }
}
