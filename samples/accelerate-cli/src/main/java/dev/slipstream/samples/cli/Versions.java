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
        return new String[] {
            "slipstream " + of("slipstream"),
            "ONNX Runtime " + of("onnxruntime"),
            "Java " + Runtime.version()
        };
    }

    /** Returns the version of one part. */
    static String of(String part) {
        Properties versions = new Properties();
        try (InputStream in = Versions.class.getResourceAsStream("versions.properties")) {
            versions.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String version = versions.getProperty(part);
        if (version == null) {
            throw new IllegalArgumentException("no version of " + part);
        }
        return version;
    }
}
