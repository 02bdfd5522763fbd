package dev.slipstream.graph;

import dev.slipstream.store.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * The hash of a model: of its serialised form without the large weights, then of the hash of each
 * piece of those. Pieces go to all processors.
 */
final class Fingerprint {
    private Fingerprint() {}

    static String of(OnnxModel model) {
        List<ByteBuffer> pieces = new ArrayList<>();
        for (Tensor tensor : model.externalInitializers().values()) {
            ByteBuffer data = tensor.data();
            for (int from = 0; from < data.capacity(); from += Sha256.PIECE) {
                pieces.add(data.slice(from, Math.min(Sha256.PIECE, data.capacity() - from)));
            }
        }
        List<byte[]> hashes = Sha256.ofEach(pieces);
        MessageDigest all = Sha256.digest();
        try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), all)) {
            model.toProto().writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        hashes.forEach(all::update);
        return Sha256.hex(all);
    }
}
