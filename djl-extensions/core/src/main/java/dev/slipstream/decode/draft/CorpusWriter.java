package dev.slipstream.decode.draft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** Writes one corpus index. */
final class CorpusWriter {
    private static final int BUFFERED_INTS = 1 << 14;

    private final Path target;
    private final CRC32C checksum = new CRC32C();
    private final ByteBuffer buffer =
            ByteBuffer.allocate(BUFFERED_INTS * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int[] text = new int[1 << 16];
    private int length;
    private int documents;

    CorpusWriter(Path target) {
        this.target = target;
    }

    void add(int[] document) throws IOException {
        if (document.length == 0) {
            return;
        }
        long needed = (long) length + document.length + 1;
        if (needed > CorpusFormat.MOST_TOKENS) {
            throw new IOException(
                    "%s: expected at most %,d tokens of documents, found more; make several smaller indexes"
                            .formatted(target, CorpusFormat.MOST_TOKENS));
        }
        if (needed > text.length) {
            text =
                    Arrays.copyOf(
                            text,
                            (int)
                                    Math.max(
                                            needed,
                                            Math.min(2L * text.length, CorpusFormat.MOST_TOKENS)));
        }
        for (int token : document) {
            if (token < 0) {
                throw new IllegalArgumentException(
                        "document %d: expected token ids of 0 or more, found %d"
                                .formatted(documents, token));
            }
            text[length++] = token;
        }
        text[length++] = CorpusFormat.SEPARATOR;
        documents++;
    }

    /** The file appears whole or not at all. */
    void write(CorpusOrigin origin) throws IOException {
        if (documents == 0) {
            throw new IOException(
                    target + ": expected documents to make an index of, found none with any text");
        }
        Path temporary = temporary();
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                writeTo(channel, new CorpusFormat(length, documents, origin));
            }
            Files.move(
                    temporary,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private void writeTo(FileChannel channel, CorpusFormat format) throws IOException {
        int[] sorted = Arrays.copyOf(text, length);
        // The other copy is garbage while the suffixes are sorted.
        text = new int[0];
        write(channel, format.toBytes());
        writeInts(channel, sorted);
        writeInts(channel, SuffixSort.sort(sorted));
        buffer.clear().putInt((int) checksum.getValue());
        write(channel, buffer.flip());
    }

    private void writeInts(FileChannel channel, int[] values) throws IOException {
        for (int i = 0; i < values.length; i += BUFFERED_INTS) {
            int count = Math.min(BUFFERED_INTS, values.length - i);
            buffer.clear();
            buffer.asIntBuffer().put(values, i, count);
            write(channel, buffer.limit(count * Integer.BYTES));
        }
    }

    private void write(FileChannel channel, ByteBuffer bytes) throws IOException {
        checksum.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** In the same directory, as a move from elsewhere may not be atomic. */
    private Path temporary() throws IOException {
        Path path;
        int attempt = 0;
        do {
            path = target.resolveSibling("." + target.getFileName() + "." + attempt++ + ".part");
        } while (Files.exists(path));
        return Files.createFile(path);
    }
}
