package dev.slipstream.store;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Directories that took work to fill, kept on disk, so that the work is done once and not at every
 * start.
 *
 * <p>Each is named by a hash of all that it was made from. Files carry sizes and checksums in a
 * manifest and are verified before they are used; a damaged one is made again. Where two processes
 * want the same entry at once, one makes it and the other waits for it. A directory that cannot be
 * written is a warning in the log, no failure. Where all together take more than a limit, those
 * that were not used for the longest time are removed, but none that a process has taken and that
 * still runs.
 */
public final class DirectoryStore {
    /** System property that names the directory of Slipstream's caches. */
    public static final String PROPERTY = "slipstream.cache";

    /** Bytes that entries may take where nobody says how many. */
    public static final long LIMIT = 10L << 30;

    private static final System.Logger LOGGER = System.getLogger(DirectoryStore.class.getName());

    private static final String MANIFEST = "manifest.json";
    private static final int PIECE = 1 << 20;

    private final Path directory;
    private final String otherwise;
    private final long limit;

    /**
     * Constructs a store.
     *
     * @param directory of its own; made when something is kept
     * @param otherwise what happens where nothing can be kept, for messages, such as "passes are
     *     applied"
     * @param limit in bytes, 0 or more; what is in use may take more
     */
    public DirectoryStore(Path directory, String otherwise, long limit) {
        this.directory = directory.toAbsolutePath();
        this.otherwise = otherwise;
        this.limit = limit;
    }

    /**
     * Returns the directory that the system property {@value #PROPERTY} names, or {@code
     * slipstream} in {@code $XDG_CACHE_HOME} or else in {@code ~/.cache}.
     */
    public static Path defaultDirectory() {
        String named = System.getProperty(PROPERTY);
        if (named != null && !named.isBlank()) {
            return Path.of(named);
        }
        String caches = System.getenv("XDG_CACHE_HOME");
        // The convention has relative paths ignored.
        return caches != null && Path.of(caches).isAbsolute()
                ? Path.of(caches, "slipstream")
                : Path.of(System.getProperty("user.home"), ".cache", "slipstream");
    }

    /**
     * What an entry is made by and read by.
     *
     * @param <T> what it stands for
     */
    public interface Work<T> {
        /**
         * Reads an entry, whose files are as they were written.
         *
         * @throws IOException if it is of no use nevertheless; it is made again
         */
        T read(Path entry) throws IOException;

        /**
         * Makes it anew.
         *
         * @param place an empty directory for what {@link #read} needs; null if nothing can be kept
         * @throws IOException if the place cannot be written; this is asked again then, without one
         */
        T make(@Nullable Path place) throws IOException;

        /**
         * Returns what to use of something that was made and is kept now.
         *
         * @throws IOException if the entry cannot be read
         */
        default T kept(T made, Path entry) throws IOException {
            return made;
        }
    }

    /**
     * Returns what is kept under a key, or makes and keeps it.
     *
     * @param key a name for all that it is made from
     * @param work makes it; exceptions of its own come through, and nothing is kept
     */
    public <T> T get(String key, Work<T> work) {
        Path entry = directory.resolve(key);
        // Interned texts are the same objects in all class loaders of a process, within which a
        // file lock does not wait but throws.
        synchronized (entry.toString().intern()) {
            try (Lock lock = lock(entry)) {
                T kept = read(entry, lock, work);
                if (kept != null) {
                    return kept;
                }
                return lock.held() ? keep(entry, work) : make(work);
            }
        }
    }

    /** The right to write one entry; without a channel nobody has it. */
    private record Lock(@Nullable FileChannel channel) implements AutoCloseable {
        boolean held() {
            return channel != null;
        }

        @Override
        public void close() {
            try {
                if (channel != null) {
                    channel.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Lock lock(Path entry) {
        FileChannel channel = null;
        try {
            Files.createDirectories(directory);
            KeptEntries.use(entry);
            channel =
                    FileChannel.open(
                            directory.resolve(entry.getFileName() + ".lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
            FileLock free = channel.tryLock();
            if (free == null) {
                LOGGER.log(
                        System.Logger.Level.INFO,
                        "waits for another process that makes {0}",
                        entry);
                channel.lock();
            }
            return new Lock(channel);
        } catch (IOException | OverlappingFileLockException e) {
            new Lock(channel).close();
            warn(
                    "%s cannot be written, so that %s at every start"
                            .formatted(directory, otherwise),
                    e);
            return new Lock(null);
        }
    }

    private <T> @Nullable T read(Path entry, Lock lock, Work<T> work) {
        if (!Files.isDirectory(entry)) {
            return null;
        }
        try {
            verify(entry);
            return work.read(entry);
        } catch (IOException e) {
            warn("%s is damaged and is made again".formatted(entry), e);
            if (lock.held()) {
                discard(entry);
            }
            return null;
        }
    }

    private static void discard(Path entry) {
        try {
            StagedDirectory.remove(entry);
        } catch (IOException e) {
            warn("%s cannot be deleted".formatted(entry), e);
        }
    }

    private <T> T keep(Path entry, Work<T> work) {
        T kept = write(entry, work);
        try {
            new KeptEntries(directory).fit(limit);
        } catch (IOException e) {
            warn("%s cannot be kept within %,d bytes".formatted(directory, limit), e);
        }
        return kept;
    }

    private <T> T write(Path entry, Work<T> work) {
        try {
            StagedDirectory.clean(entry);
        } catch (IOException e) {
            warn("what is left of %s cannot be deleted".formatted(entry), e);
        }
        T made = null;
        try (StagedDirectory staged = StagedDirectory.at(entry)) {
            made = work.make(staged.path());
            Files.writeString(staged.path().resolve(MANIFEST), manifest(staged.path()));
            staged.publish();
            return work.kept(made, entry);
        } catch (IOException e) {
            T result = made == null ? make(work) : made;
            warn("%s cannot be kept, so that %s again".formatted(entry, otherwise), e);
            return result;
        }
    }

    private static <T> T make(Work<T> work) {
        try {
            return work.make(null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String manifest(Path entry) throws IOException {
        JsonObject manifest = new JsonObject();
        try (Stream<Path> files = Files.list(entry)) {
            for (Path file : files.sorted().toList()) {
                manifest.addProperty(String.valueOf(file.getFileName()), checksum(file));
            }
        }
        return manifest.toString();
    }

    private static void verify(Path entry) throws IOException {
        JsonElement manifest;
        try {
            manifest = JsonParser.parseString(Files.readString(entry.resolve(MANIFEST)));
        } catch (JsonParseException e) {
            throw new IOException(MANIFEST + ": expected JSON: " + e.getMessage(), e);
        }
        if (!manifest.isJsonObject() || manifest.getAsJsonObject().size() == 0) {
            throw new IOException(MANIFEST + ": expected checksums of files, found none");
        }
        for (Map.Entry<String, JsonElement> file : manifest.getAsJsonObject().entrySet()) {
            String found = checksum(entry.resolve(file.getKey()));
            if (!found.equals(file.getValue().getAsString())) {
                throw new IOException(
                        "%s: expected size and CRC-32 %s, found %s"
                                .formatted(file.getKey(), file.getValue(), found));
            }
        }
    }

    /**
     * Returns size and CRC-32 of all bytes. It is to find damage, not forgers, who could write the
     * manifest too; SHA-256 takes 7 to 20 times as long (256 MB: 0.7 s and 0.07 s).
     */
    private static String checksum(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
            CRC32 sum = new CRC32();
            long read = 0;
            while (channel.read(piece.clear()) >= 0) {
                sum.update(piece.flip());
                read += piece.limit();
            }
            return read + " " + sum.getValue();
        }
    }

    private static void warn(String what, Exception why) {
        LOGGER.log(System.Logger.Level.WARNING, what + ": " + why);
    }
}
