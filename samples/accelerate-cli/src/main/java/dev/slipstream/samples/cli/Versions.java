package dev.slipstream.samples.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The versions that {@code --version} prints, as the build wrote them. */
final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
        Properties versions = new Properties();
        try (InputStream in = Versions.class.getResourceAsStream("versions.properties")) {
            versions.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new String[] {
            "slipstream " + versions.getProperty("slipstream"),
            "ONNX Runtime " + versions.getProperty("onnxruntime"),
            "Java " + Runtime.version()
        };
    }
}
