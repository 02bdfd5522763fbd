package dev.slipstream.decode.draft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A file in which any run of tokens of some documents is found at once: their token ids and a
 * suffix array over them (Manber and Myers 1993), 8 bytes a token. Mapped into memory, so that all
 * processes share it and the heap has nothing of it; the mapping goes when the object does. To make
 * one takes up to 12 bytes of heap a token and, for 5 million tokens of Java source on one core,
 * about 5 seconds. For use by many threads.
 *
 * <p>Replace the file, but do not write into it while it is open.
 */
public final class CorpusIndex {
    private static final int CHECKSUM_BYTES = Integer.BYTES;

    private final CorpusFormat format;
    private final IntBuffer tokens;
    private final IntBuffer order;

    private CorpusIndex(CorpusFormat format, IntBuffer numbers) {
        this.format = format;
        tokens = numbers.slice(0, format.tokens());
        order = numbers.slice(format.tokens(), format.tokens());
    }

    /**
     * Makes an index. The file appears whole or not at all, and replaces one of the same name.
     *
     * @param target the file to write
     * @param documents token ids of each document; continuations do not cross from one to the next
     * @param origin what the index is made of
     * @throws IOException if there is no token, or more than 268 million (files end at 2 GiB), or
     *     the file can't be written
     */
    public static void write(Path target, Iterable<int[]> documents, CorpusOrigin origin)
            throws IOException {
        CorpusWriter writer = new CorpusWriter(target);
        for (int[] document : documents) {
            writer.add(document);
        }
        writer.write(origin);
    }

    /**
     * Opens an index and reads all of it once for its checksum.
     *
     * @param file written by {@link #write}
     * @param tokenizer fingerprint of the model's tokenizer
     * @throws IOException if the file is no index, damaged, or of another tokenizer
     */
    public static CorpusIndex open(Path file, String tokenizer) throws IOException {
        CorpusIndex index = open(file);
        String found = index.origin().tokenizer();
        if (!found.equals(tokenizer)) {
            throw new IOException(
                    "%s: expected a corpus index of tokenizer %s, found one of tokenizer %s; make it again with this model's tokenizer"
                            .formatted(file, tokenizer, found));
        }
        return index;
    }

    /** Opens an index of any tokenizer. */
    static CorpusIndex open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": expected a corpus index, found no such file");
        }
        ByteBuffer mapped;
        try (FileChannel channel = FileChannel.open(file)) {
            if (channel.size() > Integer.MAX_VALUE) {
                throw new IOException(
                        "%s: expected a corpus index of at most 2 GiB, found %,d bytes; make several smaller ones"
                                .formatted(file, channel.size()));
            }
            mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
        }
        return read(file, mapped.order(ByteOrder.LITTLE_ENDIAN));
    }

    private static CorpusIndex read(Path file, ByteBuffer bytes) throws IOException {
        if (!isIndex(bytes)) {
            throw new IOException(
                    "%s: expected a corpus index, which begins with %s, found another kind of file; name one that was made by CorpusIndex.write"
                            .formatted(
                                    file,
                                    new String(CorpusFormat.MAGIC, StandardCharsets.US_ASCII)));
        }
        if (bytes.capacity() < CorpusFormat.FIXED + CHECKSUM_BYTES) {
            throw damaged(
                    file, "a header", "the end of the file after " + bytes.capacity() + " bytes");
        }
        bytes.position(CorpusFormat.MAGIC.length);
        int version = bytes.getInt();
        if (version != CorpusFormat.VERSION) {
            throw damaged(file, "version " + CorpusFormat.VERSION, "version " + version);
        }
        int count = bytes.getInt();
        int documents = bytes.getInt();
        int tokenizer = bytes.getInt();
        int sources = bytes.getInt();
        if (count <= 0 || tokenizer <= 0 || sources < 0) {
            throw damaged(file, "positive lengths", count + ", " + tokenizer + ", " + sources);
        }
        long numbers = (CorpusFormat.FIXED + (long) tokenizer + sources + 3) / 4 * 4;
        long size = numbers + 2L * Integer.BYTES * count + CHECKSUM_BYTES;
        if (size != bytes.capacity()) {
            throw damaged(file, "%,d bytes".formatted(size), "%,d".formatted(bytes.capacity()));
        }
        int end = bytes.capacity() - CHECKSUM_BYTES;
        CRC32C checksum = new CRC32C();
        checksum.update(bytes.slice(0, end));
        if ((int) checksum.getValue() != bytes.getInt(end)) {
            throw damaged(
                    file,
                    "checksum %08x".formatted(bytes.getInt(end)),
                    "%08x".formatted(checksum.getValue()));
        }
        CorpusOrigin origin = new CorpusOrigin(text(bytes, tokenizer), text(bytes, sources));
        IntBuffer rest =
                bytes.slice((int) numbers, end - (int) numbers)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asIntBuffer();
        return new CorpusIndex(new CorpusFormat(count, documents, origin), rest);
    }

    private static boolean isIndex(ByteBuffer bytes) {
        byte[] magic = new byte[Math.min(CorpusFormat.MAGIC.length, bytes.capacity())];
        bytes.get(0, magic);
        return Arrays.equals(magic, CorpusFormat.MAGIC);
    }

    private static String text(ByteBuffer bytes, int length) {
        byte[] text = new byte[length];
        bytes.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private static IOException damaged(Path file, String expected, String found) {
        return new DamagedIndexException(
                "%s: damaged or of another release: expected %s, found %s; copy it again, or delete it and make it again"
                        .formatted(file, expected, found));
    }

    /** Returns what the index was made of. */
    public CorpusOrigin origin() {
        return format.origin();
    }

    /** Returns the number of documents. */
    public int documents() {
        return format.documents();
    }

    /** Returns the number of tokens, one separator for each document included. */
    public int tokens() {
        return format.tokens();
    }

    /** Returns the token at a position; {@link CorpusFormat#SEPARATOR} after a document. */
    int token(int position) {
        return tokens.get(position);
    }

    /**
     * Returns the first tokens of the documents, one after the other, a number below 0 after each.
     *
     * @param most how many at most
     */
    public int[] beginning(int most) {
        int[] first = new int[Math.min(most, tokens())];
        tokens.get(0, first);
        return first;
    }

    /** Returns where a suffix begins. */
    int suffix(int rank) {
        return order.get(rank);
    }
}
