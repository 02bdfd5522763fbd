package dev.slipstream.pass;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.slipstream.graph.GraphException;
import dev.slipstream.graph.OnnxModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Graphs that passes made, kept on disk, so that a plan's work is done once and not at every start.
 *
 * <p>Each lies in a directory of its own, named by a hash of all that it was made from. Files carry
 * hashes in a manifest and are verified before they are used; a damaged one is made again. Where
 * two processes want the same graph at once, one makes it and the other waits for it. A directory
 * that cannot be written is a warning in the log, no failure. Where all together take more than a
 * limit, those that were not used for the longest time are removed, but none that a process has
 * taken and that still runs.
 */
public final class PassCache {
    /** System property that names the directory. */
    public static final String PROPERTY = "slipstream.cache";

    private static final System.Logger LOGGER = System.getLogger(PassCache.class.getName());

    /** Changes with the layout of the files below. */
    private static final String LAYOUT = "1";

    private static final String MODEL = "model.onnx";
    private static final String REPORT = "report.json";
    private static final String MANIFEST = "manifest.json";

    /** Bytes that entries may take where nobody says how many. */
    public static final long LIMIT = 10L << 30;

    private final Path directory;
    private final long limit;

    /**
     * Constructs a cache of up to {@link #LIMIT} bytes.
     *
     * @param directory of Slipstream's caches; made when something is kept
     */
    public PassCache(Path directory) {
        this(directory, LIMIT);
    }

    /**
     * Constructs a cache.
     *
     * @param directory of Slipstream's caches; made when something is kept
     * @param limit in bytes, 0 or more; what is in use may take more
     */
    public PassCache(Path directory, long limit) {
        this.directory = directory.toAbsolutePath().resolve("passes");
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
     * Returns a name for what passes make of a model. Reads every weight once.
     *
     * @param source before the passes
     * @param passes in their order
     * @param calibration what they look at; null if there is none
     */
    public static String key(
            OnnxModel source, List<PassSpec> passes, @Nullable Calibration calibration) {
        MessageDigest digest = Sha256.digest();
        add(digest, LAYOUT);
        add(digest, version());
        add(digest, source.fingerprint());
        Map<String, PassFactory> known = Passes.known();
        for (PassSpec spec : passes) {
            add(digest, spec.toString());
            PassFactory factory = known.get(spec.name());
            add(digest, factory == null ? "" : factory.getClass().getName() + factory.version());
        }
        // The tokens stand for text and tokenizer both.
        for (int[] sequence : calibration == null ? List.<int[]>of() : calibration.sequences()) {
            StringBuilder tokens = new StringBuilder();
            for (int token : sequence) {
                tokens.append(token).append(' ');
            }
            add(digest, tokens.toString());
        }
        return Sha256.hex(digest);
    }

    private static void add(MessageDigest digest, String text) {
        digest.update((text.length() + ":" + text).getBytes(StandardCharsets.UTF_8));
    }

    private static String version() {
        Properties properties = new Properties();
        try (InputStream in = PassCache.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("slipstream", "");
    }

    /**
     * Returns what is kept under a key, or makes and keeps it.
     *
     * @param key of {@link #key}
     * @param work makes it; what it throws comes through, and nothing is kept
     */
    public Pipeline.Result get(String key, Supplier<Pipeline.Result> work) {
        Path entry = directory.resolve(key);
        // Interned texts are the same objects in all class loaders of a process, within which a
        // file lock does not wait but throws.
        synchronized (entry.toString().intern()) {
            try (Lock lock = lock(entry)) {
                Pipeline.Result kept = read(entry, lock);
                if (kept != null) {
                    LOGGER.log(
                            System.Logger.Level.INFO,
                            "{0}: no pass has to work, the result is taken from {1}",
                            kept.graph().name(),
                            entry);
                    return kept;
                }
                Pipeline.Result made = work.get();
                return lock.held() ? keep(entry, made) : made;
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
                    "%s cannot be written, so that passes are applied at every start"
                            .formatted(directory),
                    e);
            return new Lock(null);
        }
    }

    private Pipeline.@Nullable Result read(Path entry, Lock lock) {
        if (!Files.isDirectory(entry)) {
            return null;
        }
        try {
            verify(entry);
            return new Pipeline.Result(
                    OnnxModel.read(entry.resolve(MODEL)),
                    ReportFile.read(Files.readString(entry.resolve(REPORT))));
        } catch (IOException | PassException | GraphException e) {
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

    private Pipeline.Result keep(Path entry, Pipeline.Result made) {
        Pipeline.Result kept = write(entry, made);
        try {
            new KeptEntries(directory).fit(limit);
        } catch (IOException e) {
            warn("%s cannot be kept within %,d bytes".formatted(directory, limit), e);
        }
        return kept;
    }

    private static Pipeline.Result write(Path entry, Pipeline.Result made) {
        try {
            StagedDirectory.clean(entry);
        } catch (IOException e) {
            warn("what is left of %s cannot be deleted".formatted(entry), e);
        }
        try (StagedDirectory staged = StagedDirectory.at(entry)) {
            made.graph().write(staged.path().resolve(MODEL));
            Files.writeString(
                    staged.path().resolve(REPORT), ReportFile.write(Map.of(), made.reports()));
            Files.writeString(staged.path().resolve(MANIFEST), manifest(staged.path()));
            staged.publish();
            // Mapped from the file, so that the weights need not stay in memory of this process.
            return new Pipeline.Result(OnnxModel.read(entry.resolve(MODEL)), made.reports());
        } catch (IOException e) {
            warn("%s cannot be kept, so that passes are applied again".formatted(entry), e);
            return made;
        }
    }

    private static String manifest(Path entry) throws IOException {
        JsonObject manifest = new JsonObject();
        try (Stream<Path> files = Files.list(entry)) {
            for (Path file : files.sorted().toList()) {
                manifest.addProperty(String.valueOf(file.getFileName()), Sha256.of(file));
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
        if (!manifest.isJsonObject() || !manifest.getAsJsonObject().has(MODEL)) {
            throw new IOException(MANIFEST + ": expected the hash of " + MODEL + ", found none");
        }
        for (Map.Entry<String, JsonElement> file : manifest.getAsJsonObject().entrySet()) {
            String found = Sha256.of(entry.resolve(file.getKey()));
            if (!found.equals(file.getValue().getAsString())) {
                throw new IOException(
                        "%s: expected SHA-256 %s, found %s"
                                .formatted(file.getKey(), file.getValue(), found));
            }
        }
    }

    private static void warn(String what, Exception why) {
        LOGGER.log(System.Logger.Level.WARNING, what + ": " + why);
    }
}
