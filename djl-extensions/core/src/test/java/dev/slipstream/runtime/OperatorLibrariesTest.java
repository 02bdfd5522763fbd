package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A native library that cannot be had does not keep a model from being opened. */
class OperatorLibrariesTest {
    @TempDir Path directory;

    @Test
    void librariesThatCannotBeLoadedAreDoneWithout() throws Exception {
        Path file = Files.writeString(directory.resolve("not-a-library.so"), "text");
        OperatorLibrary unloadable = () -> Optional.of(file);
        OperatorLibrary unwritable =
                () -> {
                    throw new UncheckedIOException("no room", new IOException());
                };
        OperatorLibrary elsewhere = Optional::empty;
        OnnxRuntime.start();
        Logger logger = Logger.getLogger(OperatorLibraries.class.getName());
        logger.setLevel(Level.OFF);
        try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
            assertThat(
                            OperatorLibraries.register(
                                    settings, List.of(unloadable, unwritable, elsewhere)))
                    .isFalse();
        } finally {
            logger.setLevel(null);
        }
    }
}
