package dev.slipstream.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which entries of a {@link DirectoryStore} are in use, and which may make room for others.
 *
 * <p>A process that has taken an entry shares a lock on the file {@code KEY.use} until it ends, and
 * that file's time tells when the entry was last taken. Whoever removes an entry has {@code
 * KEY.lock}, as whoever makes it, and the whole of {@code KEY.use}; both files stay, since others
 * may wait for them.
 */
final class KeptEntries {
    private static final Pattern PART = Pattern.compile("\\.(.+)\\.\\d+\\.part(\\.old)?");

    /**
     * The marks of this process by entry, never closed: on some systems, closing one channel of a
     * file gives up all locks that the process has on it.
     */
    private static final Map<Path, FileChannel> MARKS = new HashMap<>();

    private final Path directory;

    KeptEntries(Path directory) {
        this.directory = directory;
    }

    private record Entry(Path path, long bytes, FileTime used) {}

    /** Marks an entry as used, by this process until it ends; before its lock is opened. */
    static void use(Path entry) throws IOException {
        synchronized (MARKS) {
            FileChannel mark = MARKS.get(entry);
            if (mark == null) {
                mark = open(beside(entry, ".use"));
                MARKS.put(entry, mark);
                try {
                    mark.lock(0, Long.MAX_VALUE, true);
                } catch (OverlappingFileLockException e) {
                    // Another class loader of this process holds it already.
                }
            }
            // Sets the file's time. Files.setLastModifiedTime would open and close the file.
            mark.write(ByteBuffer.allocate(1), 0);
        }
    }

    /**
     * Removes what killed processes left, and entries until the others fit, those first that were
     * not used for the longest time.
     */
    void fit(long limit) throws IOException {
        synchronized (MARKS) {
            try (FileChannel all = open(directory.resolve("limit.lock"))) {
                if (all.tryLock() == null) {
                    return;
                }
                for (Path entry : unfinished()) {
                    free(entry, () -> StagedDirectory.clean(entry));
                }
                List<Entry> entries = entries();
                long bytes = entries.stream().mapToLong(Entry::bytes).sum();
                for (Entry entry : entries) {
                    if (bytes > limit
                            && free(entry.path(), () -> StagedDirectory.remove(entry.path()))) {
                        bytes -= entry.bytes();
                    }
                }
            }
        }
    }

    private Set<Path> unfinished() throws IOException {
        Set<Path> entries = new HashSet<>();
        try (Stream<Path> paths = Files.list(directory)) {
            for (Path path : paths.toList()) {
                Matcher part = PART.matcher(String.valueOf(path.getFileName()));
                if (part.matches()) {
                    entries.add(directory.resolve(part.group(1)));
                }
            }
        }
        return entries;
    }

    private List<Entry> entries() throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (Stream<Path> paths = Files.list(directory)) {
            for (Path path : paths.toList()) {
                if (Files.isDirectory(path)
                        && !String.valueOf(path.getFileName()).startsWith(".")) {
                    Path mark = beside(path, ".use");
                    entries.add(
                            new Entry(
                                    path,
                                    bytes(path),
                                    Files.getLastModifiedTime(Files.exists(mark) ? mark : path)));
                }
            }
        }
        entries.sort(Comparator.comparing(Entry::used));
        return entries;
    }

    private static long bytes(Path entry) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.list(entry)) {
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return bytes;
    }

    /** What is done to an entry that nobody uses. */
    private interface Work {
        void run() throws IOException;
    }

    /** Does it if nobody makes, reads or uses the entry; tells whether. */
    private static boolean free(Path entry, Work work) throws IOException {
        if (MARKS.containsKey(entry)) {
            return false;
        }
        try (FileChannel making = open(beside(entry, ".lock"));
                FileChannel using = open(beside(entry, ".use"))) {
            if (making.tryLock() == null || using.tryLock() == null) {
                return false;
            }
            work.run();
            return true;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static Path beside(Path entry, String ending) {
        return entry.resolveSibling(entry.getFileName() + ending);
    }
}
