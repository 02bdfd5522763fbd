package dev.slipstream.samples.benchmarks.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Directories that are written once, whole or not at all, and stay for another time. */
public final class WrittenOnce {
    /** Writes into a directory that is there and empty. */
    @FunctionalInterface
    public interface Writer {
        void write(Path directory) throws IOException;
    }

    private WrittenOnce() {}

    /**
     * Returns a directory, written first if it is not there.
     *
     * @param directory its place
     * @param writer of its files
     */
    public static Path at(Path directory, Writer writer) throws IOException {
        if (Files.isDirectory(directory)) {
            return directory;
        }
        Path unfinished = directory.resolveSibling(directory.getFileName() + ".part");
        delete(unfinished);
        Files.createDirectories(unfinished);
        writer.write(unfinished);
        return Files.move(unfinished, directory);
    }

    /** Deletes a directory with all that is in it, if it is there. */
    public static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
