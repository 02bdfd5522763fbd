package dev.slipstream.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What reading a file gave, such as its hash, so that the file need not be read at the next start.
 * A fact holds as long as the file's path, size, times of change and number stay as they were:
 * whoever writes into a file in place, keeps its size and has no clock that runs is not noticed.
 * The hash of 270 MB takes half a second and more, looking at those four takes microseconds.
 */
public final class FileFacts {
    /** Two changes within a tick of a file system's clock look like one. */
    private static final Duration TICK = Duration.ofSeconds(2);

    private final Path directory;

    /**
     * Constructs the facts of a directory.
     *
     * @param directory of Slipstream's caches; made when something is noted
     */
    public FileFacts(Path directory) {
        this.directory = directory.toAbsolutePath().resolve("files");
    }

    /** Reads a file to find a fact out. */
    public interface Question {
        /** Returns the fact, a text. */
        String answer() throws IOException;
    }

    /**
     * Returns a fact, known or found out.
     *
     * @param file that it is a fact of
     * @param name of the fact
     * @param question asked if it is not known
     * @throws IOException if the file cannot be read
     */
    public String get(Path file, String name, Question question) throws IOException {
        Path path = file.toAbsolutePath();
        String state;
        try {
            state = FileState.of(path);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        Path note = directory.resolve(Sha256.of(path + "\n" + name));
        String known = read(note, state);
        if (known != null) {
            return known;
        }
        String answer = question.answer();
        // A file that is still being written changes its state, or is too young to be trusted.
        boolean old =
                Files.getLastModifiedTime(path).toInstant().plus(TICK).isBefore(Instant.now());
        if (old && FileState.of(path).equals(state)) {
            write(note, state + "\n" + answer);
        }
        return answer;
    }

    private static @Nullable String read(Path note, String state) {
        try {
            String text = Files.readString(note);
            return text.startsWith(state + "\n") ? text.substring(state.length() + 1) : null;
        } catch (IOException e) {
            return null;
        }
    }

    private void write(Path note, String text) {
        try {
            Files.createDirectories(directory);
            Path part = Files.createTempFile(directory, "", ".part");
            Files.writeString(part, text);
            Files.move(part, note, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // The fact is found out again next time.
            System.getLogger(FileFacts.class.getName())
                    .log(System.Logger.Level.DEBUG, "{0} cannot be written: {1}", note, e);
        }
    }
}
