package dev.slipstream.runtime;

import ai.onnxruntime.OrtEnvironment;
import dev.slipstream.store.DirectoryStore;
import dev.slipstream.store.Sha256;
import dev.slipstream.store.WarmStart;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Keeps ONNX Runtime's native libraries on disk: its Java API unpacks them from their jar at every
 * start, which takes 0.2 s of a second one.
 */
final class UnpackedLibraries implements DirectoryStore.Work<@Nullable Path> {
    /** Where ONNX Runtime's Java API looks before it unpacks. */
    private static final String PLACE = "onnxruntime.native.path";

    private static final List<String> LIBRARIES =
            List.of(
                    System.mapLibraryName("onnxruntime"),
                    System.mapLibraryName("onnxruntime4j_jni"));

    /** Stands beside them in the jar for GPUs, whose libraries find each other by themselves. */
    private static final String SHARED_PROVIDERS =
            System.mapLibraryName("onnxruntime_providers_shared");

    private final String folder;

    private UnpackedLibraries(String folder) {
        this.folder = folder;
    }

    /** Points ONNX Runtime to its kept libraries; call it before its first class is used. */
    static void use() {
        String folder = "/ai/onnxruntime/native/" + platform() + "/";
        boolean knows =
                LIBRARIES.stream().allMatch(library -> resource(folder, library) != null)
                        && resource(folder, SHARED_PROVIDERS) == null;
        if (System.getProperty(PLACE) != null || !knows || WarmStart.usual() == WarmStart.OFF) {
            return;
        }
        UnpackedLibraries libraries = new UnpackedLibraries(folder);
        Path kept;
        try {
            kept =
                    new DirectoryStore(
                                    DirectoryStore.defaultDirectory().resolve("native"),
                                    "native libraries are unpacked",
                                    DirectoryStore.LIMIT)
                            .get(libraries.key(), libraries);
        } catch (IOException e) {
            return;
        }
        if (kept != null) {
            System.setProperty(PLACE, kept.toString());
        }
    }

    /** Where the jar lies and how long its libraries are: cheaper than reading them. */
    private String key() throws IOException {
        MessageDigest digest = Sha256.digest();
        for (String library : LIBRARIES) {
            URL url = resource(folder, library);
            if (url == null) {
                throw new IOException(library + " is gone");
            }
            Sha256.add(digest, url.toString());
            Sha256.add(digest, Long.toString(url.openConnection().getContentLengthLong()));
        }
        return Sha256.hex(digest);
    }

    @Override
    public Path read(Path entry) throws IOException {
        for (String library : LIBRARIES) {
            if (!Files.exists(entry.resolve(library))) {
                throw new IOException(library + " is missing");
            }
        }
        return entry;
    }

    @Override
    public @Nullable Path make(@Nullable Path place) throws IOException {
        if (place == null) {
            return null;
        }
        for (String library : LIBRARIES) {
            try (InputStream packed = OrtEnvironment.class.getResourceAsStream(folder + library)) {
                if (packed == null) {
                    throw new IOException(library + " is gone");
                }
                Files.copy(packed, place.resolve(library));
            }
        }
        return place;
    }

    @Override
    public @Nullable Path kept(@Nullable Path made, Path entry) {
        return made == null ? null : entry;
    }

    private static @Nullable URL resource(String folder, String library) {
        return OrtEnvironment.class.getResource(folder + library);
    }

    /** The names of ONNX Runtime's folders; another platform's is not found. */
    private static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String name =
                system.contains("win") && !system.contains("darwin")
                        ? "win"
                        : system.contains("mac") ? "osx" : "linux";
        String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return name + "-" + (processor.matches("amd64|x86_64") ? "x64" : "aarch64");
    }
}
