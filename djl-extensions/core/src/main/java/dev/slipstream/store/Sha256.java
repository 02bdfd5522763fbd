package dev.slipstream.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Hashes by which contents are told apart, in 64 hexadecimal digits. */
public final class Sha256 {
    /** Small enough that one embedding table does not keep a single processor busy at the end. */
    public static final int PIECE = 1 << 24;

    private Sha256() {}

    /** Returns a digest without bytes. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** Adds a text with its length before it, so that no two lists of texts look alike. */
    public static void add(MessageDigest digest, String text) {
        digest.update((text.length() + ":" + text).getBytes(StandardCharsets.UTF_8));
    }

    /** Ends a digest. */
    public static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Returns the hash of a text in UTF-8. */
    public static String of(String text) {
        MessageDigest digest = digest();
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return hex(digest);
    }

    /**
     * Returns the hash of each piece; all processors work on them.
     *
     * @param pieces of about {@link #PIECE} bytes, direct or mapped; their positions stay
     */
    public static List<byte[]> ofEach(List<ByteBuffer> pieces) {
        return pieces.parallelStream()
                .map(
                        piece -> {
                            MessageDigest digest = digest();
                            digest.update(piece.duplicate());
                            return digest.digest();
                        })
                .toList();
    }
}
