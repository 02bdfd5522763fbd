package dev.slipstream.samples.benchmarks.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Directories that are made once, and are there complete or not at all. */
final class ModelFolder {
    /** Writes into a directory that is there and empty. */
    @FunctionalInterface
    interface Writer {
        void write(Path directory) throws IOException;
    }

    private ModelFolder() {}

    /**
     * Returns a directory, written first if it is not there.
     *
     * @param directory its place
     * @param writer of its files
     */
    static Path once(Path directory, Writer writer) throws IOException {
        if (Files.isDirectory(directory)) {
            return directory;
        }
        Path unfinished = directory.resolveSibling(directory.getFileName() + ".part");
        delete(unfinished);
        Files.createDirectories(unfinished);
        writer.write(unfinished);
        return Files.move(unfinished, directory);
    }

    private static void delete(Path directory) throws IOException {
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
