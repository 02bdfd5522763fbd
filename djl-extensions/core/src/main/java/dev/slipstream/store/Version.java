package dev.slipstream.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/** Which Slipstream made what is kept. */
public final class Version {
    private static final String CURRENT = read();

    private Version() {}

    /**
     * Returns Slipstream's version. That of a build between two releases stands for many builds, so
     * the sizes and times of its files are added.
     */
    public static String current() {
        return CURRENT;
    }

    private static String read() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String version = properties.getProperty("slipstream", "");
        return version.endsWith("-SNAPSHOT") ? version + "+" + build() : version;
    }

    private static String build() {
        CodeSource code = Version.class.getProtectionDomain().getCodeSource();
        if (code == null || code.getLocation() == null) {
            return "";
        }
        Path place = ContainingFile.of(code.getLocation());
        if (place == null) {
            return code.getLocation().toString();
        }
        try (Stream<Path> files = Files.walk(place)) {
            List<String> states =
                    files.filter(Files::isRegularFile).map(FileState::of).sorted().toList();
            return Sha256.of(states.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
