package dev.slipstream.samples.cli;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A process that burns one processor, as other applications on a server do. It ends with its owner,
 * however that ends.
 */
final class BusyNeighbour implements AutoCloseable {
    private static volatile long burnt;

    private final Process process;

    /**
     * Starts one and waits until it burns.
     *
     * @throws IOException if the JVM cannot be started once more
     */
    BusyNeighbour() throws IOException {
        process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                BusyNeighbour.class.getName())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        if (process.getInputStream().read() < 0) {
            process.destroyForcibly();
            throw new IOException("a busy neighbour ended before it began");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** What the process does. Its input ends when its owner does. */
    public static void main(String[] arguments) {
        Thread owner = new Thread(BusyNeighbour::awaitEnd, "owner");
        owner.setDaemon(true);
        owner.start();
        System.out.println("burning");
        System.out.flush();
        for (long i = 1; ; i++) {
            burnt = i;
        }
    }

    private static void awaitEnd() {
        try {
            while (System.in.read() >= 0) {}
        } catch (IOException e) {
            // The owner is gone: the same as its end.
        }
        Runtime.getRuntime().halt(0);
    }
}
