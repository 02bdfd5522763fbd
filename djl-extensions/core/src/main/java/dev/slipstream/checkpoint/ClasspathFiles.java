package dev.slipstream.checkpoint;

import dev.slipstream.store.ContainingFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A model's files in a folder of the class path; each is read once, into direct memory. */
final class ClasspathFiles implements ModelFiles {
    private final ClassLoader loader;
    private final String folder;
    private final Map<String, ByteBuffer> read = new ConcurrentHashMap<>();

    ClasspathFiles(ClassLoader loader, String folder) {
        this.loader = loader;
        this.folder = folder;
    }

    @Override
    public String location() {
        return "classpath:" + folder;
    }

    @Override
    public boolean contains(String file) {
        return loader.getResource(folder + "/" + file) != null;
    }

    @Override
    public @Nullable Path container(String file) {
        URL resource = loader.getResource(folder + "/" + file);
        return resource == null ? null : ContainingFile.of(resource);
    }

    @Override
    public List<String> matching(String glob) {
        return List.of();
    }

    @Override
    public long size(String file) throws IOException {
        return whole(file).remaining();
    }

    @Override
    public ByteBuffer bytes(String file, long offset, long length) throws IOException {
        ByteBuffer all = whole(file);
        if (offset < 0 || length < 0 || offset > all.remaining() - length) {
            throw new CheckpointException(
                    "%s/%s: expected bytes %d to %d, but the file has %d"
                            .formatted(location(), file, offset, offset + length, all.remaining()));
        }
        return all.slice((int) offset, (int) length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public String text(String file) throws IOException {
        return StandardCharsets.UTF_8.decode(whole(file).duplicate()).toString();
    }

    private ByteBuffer whole(String file) throws IOException {
        ByteBuffer known = read.get(file);
        if (known != null) {
            return known;
        }
        try (InputStream in = loader.getResourceAsStream(folder + "/" + file)) {
            if (in == null) {
                throw new CheckpointException(
                        location() + "/" + file + ": expected a resource, found none");
            }
            byte[] bytes = in.readAllBytes();
            ByteBuffer direct =
                    ByteBuffer.allocateDirect(bytes.length).put(bytes).flip().asReadOnlyBuffer();
            read.put(file, direct);
            return direct;
        }
    }
}
