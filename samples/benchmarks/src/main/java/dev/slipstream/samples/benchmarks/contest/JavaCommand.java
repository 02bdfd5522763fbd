package dev.slipstream.samples.benchmarks.contest;

import java.util.ArrayList;
import java.util.List;

/** Command lines of children that run on the JVM of this process. */
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
        return of(main.getName(), System.getProperty("java.class.path"), options, arguments);
    }

    /**
     * Returns a command line with another class path.
     *
     * @param main name of the class with the main method
     * @param classPath where it is found
     * @param options of the JVM
     * @param arguments of the main method
     */
    public static List<String> of(
            String main, String classPath, List<String> options, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(options);
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.add("-cp");
        command.add(classPath);
        command.add(main);
        command.addAll(arguments);
        return command;
    }
}
