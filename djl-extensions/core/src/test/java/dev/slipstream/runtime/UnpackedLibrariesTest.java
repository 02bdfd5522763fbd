package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.store.DirectoryStore;
import dev.slipstream.store.WarmStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ONNX Runtime's libraries are unpacked once. */
class UnpackedLibrariesTest {
    private static final String PLACE = "onnxruntime.native.path";

    private final Map<String, String> before = new HashMap<>();

    @TempDir private Path cache;

    @BeforeEach
    void keepsInAFolderOfItsOwn() {
        // It looks for itself, whatever this process has loaded.
        OnnxRuntime.start();
        for (String name : List.of(PLACE, WarmStart.PROPERTY, DirectoryStore.PROPERTY)) {
            before.put(name, System.getProperty(name));
            System.clearProperty(name);
        }
        System.setProperty(DirectoryStore.PROPERTY, cache.toString());
    }

    @AfterEach
    void restores() {
        before.forEach(
                (name, value) -> {
                    System.clearProperty(name);
                    if (value != null) {
                        System.setProperty(name, value);
                    }
                });
    }

    @Test
    void theSecondStartTakesWhatTheFirstUnpacked() throws IOException {
        UnpackedLibraries.use();

        Path first = Path.of(System.getProperty(PLACE));
        assertThat(first).startsWith(cache);
        Path library = first.resolve(System.mapLibraryName("onnxruntime"));
        assertThat(Files.size(library)).isGreaterThan(1_000_000);
        assertThat(first.resolve(System.mapLibraryName("onnxruntime4j_jni"))).isNotEmptyFile();
        Object written = Files.getLastModifiedTime(library);

        System.clearProperty(PLACE);
        UnpackedLibraries.use();

        assertThat(System.getProperty(PLACE)).isEqualTo(first.toString());
        assertThat(Files.getLastModifiedTime(library)).isEqualTo(written);
    }

    @Test
    void aDamagedLibraryIsUnpackedAgain() throws IOException {
        UnpackedLibraries.use();
        Path library =
                Path.of(System.getProperty(PLACE)).resolve(System.mapLibraryName("onnxruntime"));
        long size = Files.size(library);
        Files.writeString(library, "no library");

        System.clearProperty(PLACE);
        UnpackedLibraries.use();

        assertThat(Files.size(library)).isEqualTo(size);
    }

    @Test
    void whoNamesAPlaceOrWantsNoWarmStartIsLeftAlone() throws IOException {
        System.setProperty(PLACE, "elsewhere");
        UnpackedLibraries.use();
        assertThat(System.getProperty(PLACE)).isEqualTo("elsewhere");

        System.clearProperty(PLACE);
        System.setProperty(WarmStart.PROPERTY, "off");
        UnpackedLibraries.use();
        assertThat(System.getProperty(PLACE)).isNull();
        try (Stream<Path> files = Files.list(cache)) {
            assertThat(files).isEmpty();
        }
    }
}
