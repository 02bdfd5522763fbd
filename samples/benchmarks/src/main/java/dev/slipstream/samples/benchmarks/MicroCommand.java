package dev.slipstream.samples.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Measures the hot parts one by one: JMH's own command line. */
@Command(
        name = "micro",
        description = {
            "Measure the hot parts one by one with JMH.",
            "All arguments are JMH's: 'micro -l' lists the benchmarks, 'micro -h' explains the rest."
        })
final class MicroCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ARGUMENT", description = "A pattern of benchmarks to run.")
    private List<String> patterns = List.of();

    @Override
    public Integer call() throws IOException {
        org.openjdk.jmh.Main.main(patterns.toArray(String[]::new));
        return 0;
    }
}
