package dev.slipstream.models;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where the data sets are that are too large for the repository. */
final class DataFolder {
    private DataFolder() {}

    /**
     * Finds a file of the data set folder, which lies beside the repository or is named; where
     * there is none the test is skipped.
     */
    static Path file(String name) {
        String named = System.getProperty("slipstream.data");
        List<Path> folders = new ArrayList<>();
        if (named != null) {
            folders.add(Path.of(named));
        } else {
            for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
                folders.add(up.resolve("shared").resolve("data"));
            }
        }
        Path found =
                folders.stream()
                        .map(folder -> folder.resolve(name))
                        .filter(Files::exists)
                        .findFirst()
                        .orElse(null);
        assumeTrue(
                found != null,
                () ->
                        "%s is in none of %s; name its folder with -Dslipstream.data=FOLDER"
                                .formatted(name, folders));
        return found;
    }
}
