package dev.slipstream.graph;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The hash of a model: of its serialised form without the large weights, then of the hash of each
 * piece of those. Pieces go to all processors.
 */
final class Fingerprint {
    /** Small enough that one embedding table does not keep a single processor busy at the end. */
    private static final int PIECE = 1 << 24;

    private Fingerprint() {}

    static String of(OnnxModel model) {
        List<ByteBuffer> pieces = new ArrayList<>();
        for (Tensor tensor : model.externalInitializers().values()) {
            ByteBuffer data = tensor.data();
            for (int from = 0; from < data.capacity(); from += PIECE) {
                pieces.add(data.slice(from, Math.min(PIECE, data.capacity() - from)));
            }
        }
        List<byte[]> hashes = pieces.parallelStream().map(Fingerprint::hash).toList();
        MessageDigest all = sha256();
        try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), all)) {
            model.toProto().writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        hashes.forEach(all::update);
        return HexFormat.of().formatHex(all.digest());
    }

    private static byte[] hash(ByteBuffer piece) {
        MessageDigest digest = sha256();
        digest.update(piece);
        return digest.digest();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
