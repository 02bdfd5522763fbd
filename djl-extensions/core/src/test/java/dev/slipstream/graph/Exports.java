package dev.slipstream.graph;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Objects;

/** Decoders that other people's exporters wrote; see the README beside them. */
final class Exports {
    private Exports() {}

    static Path file(String name) {
        URL url = Exports.class.getResource("/tiny-onnx-decoders/" + name + ".onnx");
        try {
            return Path.of(Objects.requireNonNull(url, name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
