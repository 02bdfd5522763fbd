package dev.slipstream.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/** What a file system tells of a file without reading it. */
final class FileState {
    private FileState() {}

    /** Returns size, time of the last change in nanoseconds, file number and, on Unix, ctime. */
    static String of(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return file.getFileName()
                    + " "
                    + attributes.size()
                    + " "
                    + attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS)
                    + " "
                    + attributes.fileKey()
                    + " "
                    + changed(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nobody can set it back, as the time of the last change can be. */
    private static Object changed(Path file) throws IOException {
        return file.getFileSystem().supportedFileAttributeViews().contains("unix")
                ? Files.getAttribute(file, "unix:ctime")
                : "";
    }
}
