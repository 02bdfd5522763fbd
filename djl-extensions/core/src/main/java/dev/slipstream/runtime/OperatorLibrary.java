package dev.slipstream.runtime;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Brings operators of its own to ONNX Runtime's sessions: the extension point by which a jar on the
 * class path adds a native library of custom operators. Implementations are found with {@link
 * java.util.ServiceLoader} and need a public constructor without parameters.
 */
public interface OperatorLibrary {
    /**
     * Finds the native library, for {@code OrtSession.SessionOptions.registerCustomOpLibrary}.
     *
     * @return a file that stays where it is until the JVM ends; empty if there is none for this
     *     operating system and processor
     */
    Optional<Path> file();
}
