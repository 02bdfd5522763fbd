package dev.slipstream.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.store.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** The native operators on the class path. */
final class OperatorLibraries {
    private static final System.Logger LOGGER = System.getLogger(OperatorLibraries.class.getName());

    private static final List<OperatorLibrary> PROVIDERS =
            ServiceLoader.load(OperatorLibrary.class, OperatorLibrary.class.getClassLoader())
                    .stream()
                    .map(ServiceLoader.Provider::get)
                    .toList();

    private OperatorLibraries() {}

    /** Returns the SHA-256 of each library; of one that cannot be had, none. */
    static List<String> hashes() {
        List<String> hashes = new ArrayList<>();
        for (OperatorLibrary provider : PROVIDERS) {
            try {
                Path file = provider.file().orElse(null);
                if (file != null) {
                    MessageDigest digest = Sha256.digest();
                    digest.update(Files.readAllBytes(file));
                    hashes.add(Sha256.hex(digest));
                }
            } catch (IOException | UncheckedIOException e) {
                // Models are opened without it, and registering it says so.
            }
        }
        return hashes;
    }

    /**
     * Registers the libraries for this platform.
     *
     * @return whether there are any; a library that cannot be had or loaded, as from a temporary
     *     directory that allows no programs, is done without
     */
    static boolean register(OrtSession.SessionOptions settings) {
        return register(settings, PROVIDERS);
    }

    static boolean register(
            OrtSession.SessionOptions settings, List<? extends OperatorLibrary> providers) {
        boolean registered = false;
        for (OperatorLibrary provider : providers) {
            try {
                // Asked each time: those who clean temporary directories take old files.
                Path file = provider.file().orElse(null);
                if (file != null) {
                    settings.registerCustomOpLibrary(file.toString());
                    registered = true;
                }
            } catch (OrtException | UncheckedIOException e) {
                LOGGER.log(
                        System.Logger.Level.WARNING,
                        "{0}: its native operators cannot be loaded, ONNX Runtime''s own are used: {1}; name a directory for programs with -Djava.io.tmpdir, or leave the jar out",
                        provider.getClass().getName(),
                        e.getMessage());
            }
        }
        return registered;
    }
}
