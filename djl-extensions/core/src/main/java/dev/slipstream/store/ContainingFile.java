package dev.slipstream.store;

import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The file of the disk that a resource lies in. */
public final class ContainingFile {
    private ContainingFile() {}

    /**
     * Returns the file itself, or the jar around it; of jars in jars, the outermost one.
     *
     * @param resource such as {@code file:/a/b}, {@code jar:file:/a.jar!/b} or Spring Boot's {@code
     *     jar:nested:/a.jar/!BOOT-INF/lib/b.jar!/c}
     * @return null if it lies elsewhere, such as in a runtime image
     */
    public static @Nullable Path of(URL resource) {
        String place = resource.toString().replaceFirst("^jar:", "").replaceFirst("^nested:", "");
        place = place.replaceFirst("/?!.*$", "");
        try {
            Path path = Path.of(URI.create(place.startsWith("file:") ? place : "file:" + place));
            return Files.exists(path) ? path : null;
        } catch (RuntimeException e) {
            return null;
        }
    }
}
