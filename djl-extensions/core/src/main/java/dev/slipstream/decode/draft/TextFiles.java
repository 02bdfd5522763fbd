package dev.slipstream.decode.draft;

import dev.slipstream.decode.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Text files of a user, each a document.
 *
 * @param root what the user named: the only file, or a directory
 * @param files in order of their names
 */
record TextFiles(Path root, List<Path> files) {
    private static final List<String> ENDINGS = List.of(".txt", ".md", ".txt.gz", ".md.gz");

    /**
     * Tokenizers slow down on long texts: they get so many characters at once, up to a line's end.
     */
    private static final int PIECE = 1 << 14;

    /** A line of so many characters is cut. */
    private static final int LONGEST_LINE = 1 << 16;

    static TextFiles in(Path root) throws IOException {
        if (Files.isRegularFile(root)) {
            return new TextFiles(root, List.of(root));
        }
        if (!Files.isDirectory(root)) {
            throw new IOException(
                    root + ": expected a text file or a directory of them, found no such file");
        }
        List<Path> found;
        try (Stream<Path> paths = Files.walk(root)) {
            found = paths.filter(TextFiles::isText).sorted().toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        if (found.isEmpty()) {
            throw new IOException(
                    "%s: expected files whose names end in %s, found none"
                            .formatted(root, String.join(", ", ENDINGS)));
        }
        return new TextFiles(root, found);
    }

    private static boolean isText(Path path) {
        return Files.isRegularFile(path) && ENDINGS.stream().anyMatch(path.toString()::endsWith);
    }

    /** Returns a hash of names, sizes and times of change. */
    String fingerprint() throws IOException {
        StringBuilder listing = new StringBuilder();
        for (Path file : files) {
            Path name = root.equals(file) ? file.getFileName() : root.relativize(file);
            listing.append(name)
                    .append('\0')
                    .append(Files.size(file))
                    .append('\0')
                    .append(Files.getLastModifiedTime(file).toMillis())
                    .append('\0');
        }
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(listing.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Returns the token ids of each file, read when they are asked for.
     *
     * @throws UncheckedIOException from its iterator, if a file can't be read
     */
    Iterable<int[]> documents(Tokenizer tokenizer) {
        return () -> files.stream().map(file -> document(file, tokenizer)).iterator();
    }

    private static int[] document(Path file, Tokenizer tokenizer) {
        IntStream.Builder ids = IntStream.builder();
        try (BufferedReader reader = open(file)) {
            StringBuilder piece = new StringBuilder();
            int next;
            while ((next = reader.read()) >= 0) {
                char c = (char) next;
                piece.append(c);
                boolean full = c == '\n' && piece.length() >= PIECE;
                if (full || piece.length() >= LONGEST_LINE && !Character.isHighSurrogate(c)) {
                    encode(piece, tokenizer, ids);
                }
            }
            encode(piece, tokenizer, ids);
        } catch (CharacterCodingException e) {
            throw new UncheckedIOException(
                    new IOException(
                            file + ": expected UTF-8, found other bytes; convert the file", e));
        } catch (IOException e) {
            throw new UncheckedIOException(new IOException(file + ": " + e.getMessage(), e));
        }
        return ids.build().toArray();
    }

    private static void encode(StringBuilder piece, Tokenizer tokenizer, IntStream.Builder ids) {
        if (!piece.isEmpty()) {
            String text = piece.toString();
            for (int id : tokenizer.encode(text, Tokenizer.SpecialTokens.AS_WRITTEN)) {
                ids.add(id);
            }
            piece.setLength(0);
        }
    }

    /** A decoder of its own reports what is not UTF-8; one by name would put a mark there. */
    private static BufferedReader open(Path file) throws IOException {
        InputStream in = Files.newInputStream(file);
        try {
            InputStream text = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
            return new BufferedReader(
                    new InputStreamReader(text, StandardCharsets.UTF_8.newDecoder()));
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }
}
