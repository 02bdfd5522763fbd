package dev.slipstream.samples.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.function.BooleanSupplier;

/**
 * What a command reads and writes.
 *
 * @param in standard input, where a prompt may come from
 * @param out the result
 * @param err statistics, progress and errors
 * @param interrupts tells of Ctrl-C
 * @param bars tells whether {@code err} is a terminal, where a progress bar may move
 */
record Terminal(
        InputStream in,
        PrintStream out,
        PrintStream err,
        Interrupts interrupts,
        BooleanSupplier bars) {}
