package dev.slipstream.samples.benchmarks.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds a JDK for a peer that needs a newer one than this program. */
final class Jdk {
    private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"(\\d+)");

    private Jdk() {}

    /**
     * Returns the home of a JDK: this one if it is new enough, else what {@code JDK_HOME_<feature>}
     * names, else the oldest that is new enough beside this one.
     *
     * @param feature the least version
     * @return null if there is none
     */
    static @Nullable Path atLeast(int feature) {
        Path own = Path.of(System.getProperty("java.home"));
        if (Runtime.version().feature() >= feature) {
            return own;
        }
        String named = System.getenv("JDK_HOME_" + feature);
        if (named != null) {
            return Path.of(named);
        }
        Path siblings = own.getParent();
        if (siblings == null) {
            return null;
        }
        try (Stream<Path> homes = Files.list(siblings)) {
            List<Path> found =
                    homes.filter(home -> version(home) >= feature)
                            .sorted(Comparator.comparingInt(Jdk::version))
                            .toList();
            return found.isEmpty() ? null : found.get(0);
        } catch (IOException e) {
            return null;
        }
    }

    private static int version(Path home) {
        try {
            Matcher release = VERSION.matcher(Files.readString(home.resolve("release")));
            return release.find() && Files.exists(home.resolve("bin/javac"))
                    ? Integer.parseInt(release.group(1))
                    : 0;
        } catch (IOException e) {
            return 0;
        }
    }
}
