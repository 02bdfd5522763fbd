package dev.slipstream.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A model's files in a directory. */
record DirectoryFiles(Path directory) implements ModelFiles {
    DirectoryFiles {
        if (!Files.isDirectory(directory)) {
            throw new CheckpointException(directory + ": expected a model directory, found none");
        }
    }

    @Override
    public String location() {
        return directory.toString();
    }

    @Override
    public boolean contains(String file) {
        return Files.isRegularFile(inside(file));
    }

    @Override
    public @Nullable Path container(String file) {
        return contains(file) ? inside(file) : null;
    }

    @Override
    public List<String> matching(String glob) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory, glob)) {
            for (Path path : paths) {
                if (Files.isRegularFile(path)) {
                    names.add(path.getFileName().toString());
                }
            }
        }
        Collections.sort(names);
        return names;
    }

    @Override
    public long size(String file) throws IOException {
        return Files.size(existing(file));
    }

    @Override
    public ByteBuffer bytes(String file, long offset, long length) throws IOException {
        Path path = existing(file);
        try (FileChannel channel = FileChannel.open(path)) {
            if (offset < 0 || length < 0 || offset > channel.size() - length) {
                throw new CheckpointException(
                        "%s: expected bytes %d to %d, but the file has %d; it is cut off, copy it again"
                                .formatted(path, offset, offset + length, channel.size()));
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, length)
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    @Override
    public String text(String file) throws IOException {
        Path path = existing(file);
        try {
            return Files.readString(path, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new CheckpointException(path + ": expected UTF-8 text, found other bytes", e);
        }
    }

    /** Names come from model files too: none of them may lead out of the directory. */
    private Path inside(String file) {
        Path path = directory.resolve(file).normalize();
        if (!path.startsWith(directory.normalize())) {
            throw new CheckpointException(
                    "%s: expected the name of a file in the model directory, found %s, which leads out of it; do not open models from sources you do not trust"
                            .formatted(directory, file));
        }
        return path;
    }

    private Path existing(String file) {
        Path path = inside(file);
        if (!Files.isRegularFile(path)) {
            throw new CheckpointException(path + ": expected a file, found none");
        }
        return path;
    }
}
