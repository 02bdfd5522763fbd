package dev.slipstream.pass;

import dev.slipstream.graph.GraphException;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.store.DirectoryStore;
import dev.slipstream.store.Sha256;
import dev.slipstream.store.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Graphs that passes made, kept on disk in a {@link DirectoryStore}, so that a plan's work is done
 * once and not at every start.
 */
public final class PassCache {
    private static final System.Logger LOGGER = System.getLogger(PassCache.class.getName());

    /** Changes with the layout of the files below. */
    private static final String LAYOUT = "2";

    private static final String MODEL = "model.onnx";
    private static final String REPORT = "report.json";

    private final DirectoryStore store;

    /**
     * Constructs a cache of up to {@link DirectoryStore#LIMIT} bytes.
     *
     * @param directory of Slipstream's caches; made when something is kept
     */
    public PassCache(Path directory) {
        this(directory, DirectoryStore.LIMIT);
    }

    /**
     * Constructs a cache.
     *
     * @param directory of Slipstream's caches; made when something is kept
     * @param limit in bytes, 0 or more; what is in use may take more
     */
    public PassCache(Path directory, long limit) {
        store = new DirectoryStore(directory.resolve("passes"), "passes are applied", limit);
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
        Sha256.add(digest, LAYOUT);
        Sha256.add(digest, Version.current());
        Sha256.add(digest, source.fingerprint());
        Sha256.add(digest, Passes.fingerprint(passes));
        // The tokens stand for text and tokenizer both.
        for (int[] sequence : calibration == null ? List.<int[]>of() : calibration.sequences()) {
            StringBuilder tokens = new StringBuilder();
            for (int token : sequence) {
                tokens.append(token).append(' ');
            }
            Sha256.add(digest, tokens.toString());
        }
        return Sha256.hex(digest);
    }

    /**
     * Returns what is kept under a key, or makes and keeps it.
     *
     * @param key of {@link #key}
     * @param work makes it; what it throws comes through, and nothing is kept
     */
    public Pipeline.Result get(String key, Supplier<Pipeline.Result> work) {
        return store.get(key, new Passing(work));
    }

    /** Writes and reads what passes made. */
    private static final class Passing implements DirectoryStore.Work<Pipeline.Result> {
        private final Supplier<Pipeline.Result> work;
        private Pipeline.@Nullable Result made;

        Passing(Supplier<Pipeline.Result> work) {
            this.work = work;
        }

        @Override
        public Pipeline.Result read(Path entry) throws IOException {
            try {
                Pipeline.Result kept =
                        new Pipeline.Result(
                                OnnxModel.read(entry.resolve(MODEL)),
                                ReportFile.read(Files.readString(entry.resolve(REPORT))));
                LOGGER.log(
                        System.Logger.Level.INFO,
                        "{0}: no pass has to work, the result is taken from {1}",
                        kept.graph().name(),
                        entry);
                return kept;
            } catch (PassException | GraphException e) {
                throw new IOException(e.getMessage(), e);
            }
        }

        @Override
        public Pipeline.Result make(@Nullable Path place) throws IOException {
            Pipeline.Result result = made == null ? work.get() : made;
            made = result;
            if (place != null) {
                result.graph().write(place.resolve(MODEL));
                Files.writeString(
                        place.resolve(REPORT), ReportFile.write(Map.of(), result.reports()));
            }
            return result;
        }

        /** Mapped from the file, so that the weights need not stay in memory of this process. */
        @Override
        public Pipeline.Result kept(Pipeline.Result made, Path entry) throws IOException {
            return new Pipeline.Result(OnnxModel.read(entry.resolve(MODEL)), made.reports());
        }
    }
}
