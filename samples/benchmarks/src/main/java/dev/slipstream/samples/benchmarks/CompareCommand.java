package dev.slipstream.samples.benchmarks;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Compares Slipstream with its peers from end to end, and writes the page of it. */
@Command(
        name = "compare",
        description = "Compare with the peers on the same weights and write the page of it.",
        sortOptions = false,
        mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        return 0;
    }
}
