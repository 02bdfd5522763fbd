package dev.slipstream.samples.benchmarks.contest;

import java.io.IOException;
import java.util.List;

/**
 * Another process that keeps one processor busy with arithmetic, as the rest of an application
 * server does. It ends with its parent.
 */
public final class BusyNeighbour implements AutoCloseable {
    /** Written for nobody, so that the work cannot be left out. */
    static volatile long result;

    private final Process process;
    private final Thread killer;

    private BusyNeighbour(Process process) {
        this.process = process;
        this.killer = new Thread(process::destroyForcibly, "end the neighbour");
        Runtime.getRuntime().addShutdownHook(killer);
    }

    /** Starts one. */
    public static BusyNeighbour start() throws IOException {
        List<String> command = JavaCommand.of(BusyNeighbour.class, List.of("-Xmx32m"), List.of());
        BusyNeighbour neighbour =
                new BusyNeighbour(
                        new ProcessBuilder(command)
                                .redirectError(ProcessBuilder.Redirect.INHERIT)
                                .start());
        // It says a word when it works.
        if (neighbour.process.getInputStream().read() < 0) {
            neighbour.close();
            throw new IOException("the busy neighbour ended at its start");
        }
        return neighbour;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            Runtime.getRuntime().removeShutdownHook(killer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            // The hook is running.
        }
    }

    /** Is busy until standard input ends. */
    public static void main(String[] arguments) throws IOException {
        Thread work = new Thread(BusyNeighbour::work, "work");
        work.setDaemon(true);
        work.start();
        System.out.println("busy");
        System.out.flush();
        while (System.in.read() >= 0) {
            // The parent never says anything.
        }
    }

    private static void work() {
        long state = 1;
        while (true) {
            for (int i = 0; i < 1_000_000; i++) {
                state = state * 6364136223846793005L + 1442695040888963407L;
            }
            result = state;
        }
    }
}
