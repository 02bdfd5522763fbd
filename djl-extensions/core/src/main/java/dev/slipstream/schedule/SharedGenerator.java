package dev.slipstream.schedule;

import dev.slipstream.decode.TextGenerator;

/** A generator that many callers share: some requests run, some wait. */
public interface SharedGenerator extends TextGenerator {
    /** Returns how many requests run now. */
    int active();

    /** Returns how many requests wait now. */
    int queued();
}
