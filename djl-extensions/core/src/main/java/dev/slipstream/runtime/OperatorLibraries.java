package dev.slipstream.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/** The native operators on the class path. */
final class OperatorLibraries {
    private static final List<Path> FOUND =
            ServiceLoader.load(OperatorLibrary.class, OperatorLibrary.class.getClassLoader())
                    .stream()
                    .flatMap(provider -> provider.get().file().stream())
                    .toList();

    private OperatorLibraries() {}

    /** Returns the libraries for this platform; they are looked for once. */
    static List<Path> found() {
        return FOUND;
    }
}
