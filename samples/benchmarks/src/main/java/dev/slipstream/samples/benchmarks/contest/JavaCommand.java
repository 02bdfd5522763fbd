package dev.slipstream.samples.benchmarks.contest;

import java.util.ArrayList;
import java.util.List;

/** Command lines of children that run on the JVM and class path of this process. */
public final class JavaCommand {
    private JavaCommand() {}

    /**
     * Returns a command line.
     *
     * @param main class with the main method
     * @param options of the JVM
     * @param arguments of the main method
     */
    public static List<String> of(Class<?> main, List<String> options, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(options);
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        command.addAll(arguments);
        return command;
    }
}
