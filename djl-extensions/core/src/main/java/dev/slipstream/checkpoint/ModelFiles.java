package dev.slipstream.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The files of one model, wherever they lie: in a directory, or in a folder inside a jar. */
public sealed interface ModelFiles permits DirectoryFiles, ClasspathFiles {
    /**
     * Returns the files of a directory; tensors are mapped, never read into the heap.
     *
     * @param directory a model directory
     * @throws CheckpointException if it is not a directory
     */
    static ModelFiles of(Path directory) {
        return new DirectoryFiles(directory);
    }

    /**
     * Returns the files of a folder on the class path; tensors are read into direct memory, and no
     * file is ever written.
     *
     * @param loader finds the resources
     * @param folder resource name without a slash at its ends
     */
    static ModelFiles of(ClassLoader loader, String folder) {
        return new ClasspathFiles(loader, folder);
    }

    /** Returns the place of these files, for messages. */
    String location();

    /**
     * Tells whether a file is there.
     *
     * @param file name relative to the model's folder
     */
    boolean contains(String file);

    /**
     * Returns the file of the disk that holds one of these: itself, or the jar around it.
     *
     * @param file name relative to the model's folder
     * @return null if there is none, or it lies in no such file
     */
    @Nullable Path container(String file);

    /**
     * Returns the names of the files that match a pattern, sorted; none in a class path's folder,
     * which cannot be listed.
     *
     * @param glob such as {@code *.bin}
     */
    List<String> matching(String glob) throws IOException;

    /**
     * Returns the size of a file in bytes.
     *
     * @param file name relative to the model's folder
     * @throws CheckpointException if it is missing
     */
    long size(String file) throws IOException;

    /**
     * Returns a part of a file as a read-only, little-endian, direct buffer.
     *
     * @param file name relative to the model's folder
     * @param offset first byte
     * @param length number of bytes, below 2 GiB
     * @throws CheckpointException if the file is missing or shorter
     */
    ByteBuffer bytes(String file, long offset, long length) throws IOException;

    /**
     * Returns a whole file as UTF-8 text.
     *
     * @param file name relative to the model's folder
     * @throws CheckpointException if it is missing or not UTF-8
     */
    String text(String file) throws IOException;
}
