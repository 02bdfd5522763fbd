package dev.slipstream.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A directory that appears complete or not at all: it is filled under another name beside its place
 * and moved there at the end. Ctrl-C deletes what is not complete; what a killed process leaves
 * behind begins with a dot and ends in {@code .part}.
 */
public final class StagedDirectory implements AutoCloseable {
    private final Path target;
    private final Path staging;
    private final Thread interrupted = new Thread(this::abandon);

    private StagedDirectory(Path target, Path staging) {
        this.target = target;
        this.staging = staging;
    }

    /**
     * Begins a directory.
     *
     * @param target its place; the directories above it are made if they are missing
     */
    public static StagedDirectory at(Path target) throws IOException {
        Path place = target.toAbsolutePath().normalize();
        Path parent = place.getParent();
        if (parent == null) {
            throw new FileAlreadyExistsException(place.toString());
        }
        Files.createDirectories(parent);
        // Not createTempDirectory, whose result nobody else may read.
        for (int attempt = 0; ; attempt++) {
            Path staging = beside(place, attempt + ".part");
            try {
                StagedDirectory staged = new StagedDirectory(place, Files.createDirectory(staging));
                Runtime.getRuntime().addShutdownHook(staged.interrupted);
                return staged;
            } catch (FileAlreadyExistsException e) {
                // Another process is at work here, or was killed.
            }
        }
    }

    /** Returns where to write. */
    public Path path() {
        return staging;
    }

    /**
     * Moves the directory to its place. What is there already is put aside before, and is back if
     * the move fails.
     */
    public void publish() throws IOException {
        if (!Files.exists(target)) {
            Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
            return;
        }
        Path aside = staging.resolveSibling(staging.getFileName() + ".old");
        Files.move(target, aside, StandardCopyOption.ATOMIC_MOVE);
        try {
            Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
            throw e;
        }
        delete(aside);
    }

    /** Removes a directory, which is there as a whole or not at all for others. */
    public static void remove(Path directory) throws IOException {
        try (StagedDirectory aside = at(directory)) {
            Files.move(directory, aside.path().resolve("old"), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /** Deletes what killed processes left of a directory; nobody may be at work on it. */
    public static void clean(Path target) throws IOException {
        Path parent = target.toAbsolutePath().normalize().getParent();
        if (parent == null) {
            return;
        }
        Pattern left =
                Pattern.compile(
                        Pattern.quote("." + target.getFileName() + ".") + "\\d+\\.part(\\.old)?");
        List<Path> parts;
        try (Stream<Path> files = Files.list(parent)) {
            parts =
                    files.filter(f -> left.matcher(String.valueOf(f.getFileName())).matches())
                            .toList();
        }
        for (Path part : parts) {
            delete(part);
        }
    }

    /** Deletes what was not published. */
    @Override
    public void close() throws IOException {
        try {
            Runtime.getRuntime().removeShutdownHook(interrupted);
        } catch (IllegalStateException e) {
            // The process ends, and deletes it already.
        }
        delete(staging);
    }

    /** Ctrl-C: the thread that fills the directory may still be at work. */
    private void abandon() {
        for (int attempt = 0; attempt < 100 && Files.exists(staging); attempt++) {
            try {
                delete(staging);
            } catch (IOException e) {
                // A file was written meanwhile.
            }
        }
    }

    private static Path beside(Path place, String ending) {
        return place.resolveSibling("." + place.getFileName() + "." + ending);
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(directory)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path path : paths) {
            Files.deleteIfExists(path);
        }
    }
}
