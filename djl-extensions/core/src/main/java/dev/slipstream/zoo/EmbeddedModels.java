package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The models in jars on the class path. A jar lists them in {@code
 * META-INF/slipstream/models.index}, one name a line, and holds each in a folder {@code
 * META-INF/slipstream/models/<name>}; any jar may.
 */
final class EmbeddedModels {
    private static final String FOLDER = "META-INF/slipstream/";

    private EmbeddedModels() {}

    static List<String> names() {
        List<String> names = new ArrayList<>();
        try {
            for (URL index : Collections.list(loader().getResources(FOLDER + "models.index"))) {
                try (InputStream in = index.openStream()) {
                    new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .map(String::strip)
                            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                            .filter(line -> !names.contains(line))
                            .forEach(names::add);
                }
            }
        } catch (IOException e) {
            throw new CheckpointException(
                    "classpath:" + FOLDER + "models.index cannot be read: " + e.getMessage(), e);
        }
        return names;
    }

    static @Nullable ModelFiles find(String name) {
        return names().contains(name) ? ModelFiles.of(loader(), FOLDER + "models/" + name) : null;
    }

    private static ClassLoader loader() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return context == null ? EmbeddedModels.class.getClassLoader() : context;
    }
}
