package dev.slipstream.decode.draft;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The beginning of a corpus index. All numbers are little-endian ints:
 *
 * <pre>
 * magic           8 bytes, "SLIPCORP"
 * version         1
 * tokens          n, separators included
 * documents       each ends with a separator, -1
 * tokenizer       bytes of the tokenizer's fingerprint
 * origin          bytes of what tells the documents
 *                 both texts in UTF-8, then zeros up to a multiple of 4
 * token ids       n
 * suffix array    n, where the suffixes begin, in their order
 * checksum        CRC-32C of all before
 * </pre>
 */
record CorpusFormat(int tokens, int documents, CorpusOrigin origin) {
    static final byte[] MAGIC = "SLIPCORP".getBytes(StandardCharsets.US_ASCII);
    static final int VERSION = 1;

    /** Follows each document; no token has this id. */
    static final int SEPARATOR = -1;

    /** Magic and six numbers. */
    static final int FIXED = 28;

    /** The most tokens of a file that one buffer can map, with room for the texts. */
    static final int MOST_TOKENS = (Integer.MAX_VALUE - (1 << 20)) / (2 * Integer.BYTES);

    ByteBuffer toBytes() {
        byte[] tokenizer = origin.tokenizer().getBytes(StandardCharsets.UTF_8);
        byte[] sources = origin.documents().getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes =
                ByteBuffer.allocate(length(tokenizer.length, sources.length))
                        .order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).putInt(VERSION).putInt(tokens).putInt(documents);
        bytes.putInt(tokenizer.length).putInt(sources.length).put(tokenizer).put(sources);
        return bytes.rewind();
    }

    /** Returns the bytes before the token ids. */
    static int length(long tokenizerBytes, long originBytes) {
        return Math.toIntExact((FIXED + tokenizerBytes + originBytes + 3) / 4 * 4);
    }
}
