package dev.slipstream.pass;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads UTF-8 text, packed with gzip or plain, and refuses anything else. Lines end with a line
 * feed, whatever ends them in the file: models were trained so, and a stray carriage return costs
 * them (0.7 nats a token on a book with Windows line ends).
 */
public final class TextFile {
    private TextFile() {}

    /**
     * Reads a file.
     *
     * @throws IOException if it is missing, damaged or not UTF-8; the message names it
     */
    public static String read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": expected a text file, found none");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return read(file.toString(), in);
        }
    }

    /**
     * Reads to the end.
     *
     * @param name of the source, for messages
     * @param in UTF-8 bytes, or such packed with gzip
     * @throws IOException if they are damaged or not UTF-8; the message begins with the name
     */
    public static String read(String name, InputStream in) throws IOException {
        byte[] bytes;
        try {
            bytes = unpacked(in).readAllBytes();
        } catch (EOFException | ZipException e) {
            throw new IOException(
                    name + ": expected a whole gzip file, found a damaged one: " + e.getMessage(),
                    e);
        }
        ByteBuffer source = ByteBuffer.wrap(bytes);
        CharBuffer text = CharBuffer.allocate(bytes.length);
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        CoderResult result = decoder.decode(source, text, true);
        if (result.isError()) {
            throw new IOException(
                    "%s: expected UTF-8 text, found other bytes at offset %d; convert it first"
                            .formatted(name, source.position()));
        }
        // A byte order mark is no part of the text.
        String decoded = text.flip().toString().replace("\r\n", "\n");
        return decoded.startsWith("\uFEFF") ? decoded.substring(1) : decoded;
    }

    private static InputStream unpacked(InputStream in) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(in);
        buffered.mark(2);
        boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
        buffered.reset();
        return gzip ? new GZIPInputStream(buffered) : buffered;
    }
}
