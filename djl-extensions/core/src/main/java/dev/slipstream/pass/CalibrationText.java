package dev.slipstream.pass;

import dev.slipstream.store.Sha256;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Where the text lies that passes look at, and how much of it they see.
 *
 * @param files UTF-8 texts, plain or packed with gzip; one or more, read one after the other
 * @param sequences how many pieces are cut out, spread evenly over the text; for an encoder, how
 *     many lines are taken
 * @param length tokens of each piece, the model's begin token included; for an encoder, the most of
 *     a line
 * @param sha256 of the text's UTF-8 bytes, unpacked and with line feeds at the ends of lines, by
 *     which a plan knows its text again; null takes any text
 */
public record CalibrationText(
        List<Path> files, int sequences, int length, @Nullable String sha256) {
    /** Pieces where a plan does not say how many. */
    public static final int SEQUENCES = 10;

    /** Tokens of a piece where a plan does not say how many. */
    public static final int LENGTH = 256;

    /** Checks the ranges; paths become absolute. */
    public CalibrationText {
        files = files.stream().map(file -> file.toAbsolutePath().normalize()).toList();
        if (files.isEmpty()) {
            throw new PassException("text: expected one or more files, found none");
        }
        if (sequences < 1) {
            throw new PassException("sequences: expected 1 or more, found " + sequences);
        }
        if (length < 3) {
            throw new PassException("length: expected 3 or more, found " + length);
        }
        if (sha256 != null && !sha256.matches("[0-9a-f]{64}")) {
            throw new PassException(
                    "sha256: expected 64 hexadecimal digits in small letters, found " + sha256);
        }
    }

    /** Constructs what a file gives with the usual number of pieces, whatever stands in it. */
    public CalibrationText(Path file) {
        this(List.of(file), SEQUENCES, LENGTH, null);
    }

    /**
     * Reads the text; files are joined by a line feed.
     *
     * @throws PassException if a file cannot be read, or the text is another one than {@link
     *     #sha256()} says
     */
    public String read() {
        List<String> texts = new ArrayList<>();
        for (Path file : files) {
            try {
                texts.add(TextFile.read(file));
            } catch (IOException e) {
                throw new PassException("calibration text: " + e.getMessage(), e);
            }
        }
        String text = String.join("\n", texts);
        if (sha256 != null && !sha256.equals(Sha256.of(text))) {
            throw new PassException(
                    "calibration text: expected the text of SHA-256 %s, found another one of %s in %s; bring the first one back, or take sha256 out of the plan"
                            .formatted(sha256, Sha256.of(text), files));
        }
        return text;
    }

    /**
     * Reads the text as sentences, one a line, for encoders: as many as {@link #sequences()},
     * spread evenly over the lines that are not blank.
     *
     * @throws PassException as {@link #read}, or if there are fewer
     */
    public List<String> sentences() {
        List<String> lines =
                read().lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
        if (lines.size() < sequences) {
            throw new PassException(
                    "calibration text: expected at least %d sentences, one a line, found %d in %s; give more of them or ask for fewer sequences"
                            .formatted(sequences, lines.size(), files));
        }
        return IntStream.range(0, sequences)
                .mapToObj(i -> lines.get((int) ((long) i * lines.size() / sequences)))
                .toList();
    }

    /** Returns this with the hash of what stands in the files now. */
    public CalibrationText pinned() {
        return new CalibrationText(files, sequences, length, Sha256.of(read()));
    }
}
