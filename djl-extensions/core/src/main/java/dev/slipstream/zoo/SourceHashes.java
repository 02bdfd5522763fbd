package dev.slipstream.zoo;

import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.store.FileFacts;
import dev.slipstream.store.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Hashes of the files that a model's graph and the ends of its texts come from. */
final class SourceHashes {
    private static final List<String> CONFIGURATIONS =
            List.of("config.json", "generation_config.json", "genai_config.json", "llama2c.json");

    private final FileFacts facts;

    /** Constructs hashes that are remembered, in a directory of Slipstream's caches. */
    SourceHashes(Path directory) {
        facts = new FileFacts(directory);
    }

    /** Adds name and content of every file. */
    void add(MessageDigest digest, ModelSource source) throws IOException {
        ModelFiles files = source.files();
        for (String name : CONFIGURATIONS) {
            if (files.contains(name)) {
                Sha256.add(digest, name);
                Sha256.add(digest, hash(files, name));
            }
        }
        if (source instanceof ModelSource.Onnx onnx) {
            Path file = onnx.file();
            ModelFiles beside = ModelFiles.of(file.getParent());
            List<String> names = new ArrayList<>(List.of(String.valueOf(file.getFileName())));
            names.addAll(external(file));
            add(digest, beside, names);
        } else if (source instanceof ModelSource.Llama2C) {
            add(digest, files, List.of(Llama2c.checkpoint(files)));
        } else {
            add(digest, files, SafeTensors.names(files));
        }
    }

    private void add(MessageDigest digest, ModelFiles files, List<String> names)
            throws IOException {
        for (String name : names) {
            Sha256.add(digest, name);
            Sha256.add(digest, hash(files, name));
        }
    }

    /** Which files an ONNX file refers to is a fact of it, too. */
    private List<String> external(Path file) throws IOException {
        String names =
                facts.get(
                        file,
                        "external data",
                        () -> String.join("\n", OnnxModel.externalFiles(file)));
        return names.lines().toList();
    }

    private String hash(ModelFiles files, String name) throws IOException {
        @Nullable Path container = files.container(name);
        return container == null
                ? read(files, name)
                : facts.get(container, "SHA-256 of " + name, () -> read(files, name));
    }

    private static String read(ModelFiles files, String name) throws IOException {
        List<ByteBuffer> pieces = new ArrayList<>();
        long size = files.size(name);
        for (long from = 0; from < size; from += Sha256.PIECE) {
            pieces.add(files.bytes(name, from, Math.min(Sha256.PIECE, size - from)));
        }
        MessageDigest all = Sha256.digest();
        Sha256.ofEach(pieces).forEach(all::update);
        return Sha256.hex(all);
    }
}
