package dev.slipstream.cache;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Pages in a file, in the machine's byte order.
 *
 * <pre>
 * header  long magic, int version, int length of the key, the key's text,
 *         int tokens a page, long bytes a token, int pages, long bytes of the file, int CRC-32C
 * page    int index of the page before (-1 for none), int tokens, the tokens' ids,
 *         keys and values, int CRC-32C
 * </pre>
 *
 * The most recently used page comes first, and each behind the one that leads to it.
 */
final class PageFile {
    private static final long MAGIC = 0x534c_4950_5052_4658L;
    private static final int VERSION = 1;
    private static final int LONGEST_KEY = 1024;
    private static final int START_BYTES = Long.BYTES + 2 * Integer.BYTES;
    private static final int REST_BYTES = 3 * Integer.BYTES + 2 * Long.BYTES;
    private static final int PAGE_EXTRA_BYTES = 3 * Integer.BYTES;

    private final FileChannel channel;
    private final Layout layout;

    private PageFile(FileChannel channel, Layout layout) {
        this.channel = channel;
        this.layout = layout;
    }

    /** How many tokens a full page has, and how many bytes of keys and values each takes. */
    record Layout(int pageTokens, long bytesPerToken) {}

    /** Writes pages that nobody changes meanwhile. */
    static void write(Path file, CacheKey key, Layout layout, List<Page> pages) throws IOException {
        Path target = file.toAbsolutePath();
        // Readable by its owner alone where the file system can: it holds what users wrote.
        Path temporary =
                Files.createTempFile(target.getParent(), "." + target.getFileName(), ".part");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                new PageFile(channel, layout).write(key, pages);
            }
            Files.move(
                    temporary,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /**
     * Reads as many pages as there is free memory for. On failure the caller discards what was
     * read.
     *
     * @param pages gets the pages, in memory of the tree but not linked, with no parent
     * @param parents gets for each the index of its parent, -1 for none
     * @throws IOException if the file cannot be read or holds something else; the message says what
     *     was expected, what was found
     */
    static void read(
            Path file,
            CacheKey key,
            Layout layout,
            PageTree tree,
            List<Page> pages,
            List<Integer> parents)
            throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            PageFile source = new PageFile(channel, layout);
            int count = source.readHeader(key);
            while (pages.size() < count && source.readPage(tree, pages, parents)) {}
        } catch (EOFException e) {
            throw new IOException("expected more bytes, found its end; it was cut off", e);
        }
    }

    private void write(CacheKey key, List<Page> pages) throws IOException {
        byte[] keyText = key.toString().getBytes(StandardCharsets.US_ASCII);
        long size = START_BYTES + keyText.length + REST_BYTES;
        for (Page page : pages) {
            size += PAGE_EXTRA_BYTES + page.length() * (Integer.BYTES + layout.bytesPerToken());
        }
        ByteBuffer header = buffer(START_BYTES + keyText.length + REST_BYTES);
        header.putLong(MAGIC).putInt(VERSION).putInt(keyText.length).put(keyText);
        header.putInt(layout.pageTokens()).putLong(layout.bytesPerToken());
        header.putInt(pages.size()).putLong(size);
        header.putInt(checksum(header.duplicate().flip()));
        writeFully(header.flip());

        Map<Page, Integer> indices = new IdentityHashMap<>();
        for (Page page : pages) {
            ByteBuffer start = buffer((2 + page.length()) * Integer.BYTES);
            start.putInt(indices.getOrDefault(page.parent(), -1)).putInt(page.length());
            for (int token : page.tokens()) {
                start.putInt(token);
            }
            start.flip();
            ByteBuffer content = page.content(layout.bytesPerToken());
            int checksum = checksum(start.duplicate(), content.duplicate());
            writeFully(start);
            writeFully(content);
            writeFully(buffer(Integer.BYTES).putInt(checksum).flip());
            indices.put(page, indices.size());
        }
    }

    /** Returns the number of pages. */
    private int readHeader(CacheKey key) throws IOException {
        ByteBuffer start = readFully(START_BYTES);
        require(start.getLong() == MAGIC, "expected a prefix cache, found something else");
        int version = start.getInt();
        require(version == VERSION, "expected version " + VERSION + ", found " + version);
        int keyLength = start.getInt();
        require(
                keyLength >= 0 && keyLength <= LONGEST_KEY,
                "expected a key of at most " + LONGEST_KEY + " bytes, found " + keyLength);
        ByteBuffer rest = readFully(keyLength + REST_BYTES);
        ByteBuffer checked = rest.duplicate().limit(rest.limit() - Integer.BYTES);
        int found = rest.getInt(rest.limit() - Integer.BYTES);
        int expected = checksum(start.rewind(), checked);
        require(found == expected, damaged("the header", expected, found));
        byte[] keyText = new byte[keyLength];
        rest.get(keyText);
        String foundKey = new String(keyText, StandardCharsets.US_ASCII);
        require(
                foundKey.equals(key.toString()),
                "expected keys and values of %s, found those of %s".formatted(key, foundKey));
        Layout foundLayout = new Layout(rest.getInt(), rest.getLong());
        require(foundLayout.equals(layout), "expected %s, found %s".formatted(layout, foundLayout));
        int pages = rest.getInt();
        long size = rest.getLong();
        require(
                channel.size() == size,
                "expected %d bytes, found %d; it was cut off, or written over"
                        .formatted(size, channel.size()));
        return pages;
    }

    /** Returns whether there was memory for the page. */
    private boolean readPage(PageTree tree, List<Page> pages, List<Integer> parents)
            throws IOException {
        ByteBuffer start = readFully(2 * Integer.BYTES);
        int parent = start.getInt();
        int length = start.getInt();
        boolean follows =
                parent == -1
                        || parent >= 0
                                && parent < pages.size()
                                && pages.get(parent).length() == layout.pageTokens();
        require(
                follows && length > 0 && length <= layout.pageTokens(),
                "expected page %d of 1 to %d tokens behind a full one, found %d tokens behind page %d; it is damaged"
                        .formatted(pages.size(), layout.pageTokens(), length, parent));
        ByteBuffer ids = readFully(length * Integer.BYTES);
        int[] tokens = new int[length];
        ids.asIntBuffer().get(tokens);
        Page page = tree.reserveFree(null, tokens);
        if (page == null) {
            return false;
        }
        pages.add(page);
        parents.add(parent);
        ByteBuffer content = page.content(layout.bytesPerToken());
        readFully(content.duplicate());
        int found = readFully(Integer.BYTES).getInt();
        int expected = checksum(start.rewind(), ids, content);
        require(found == expected, damaged("page " + (pages.size() - 1), expected, found));
        return true;
    }

    private static String damaged(String what, int expected, int found) {
        return "%s: expected the checksum %08x, found %08x; it is damaged"
                .formatted(what, expected, found);
    }

    private static void require(boolean condition, String message) throws IOException {
        if (!condition) {
            throw new IOException(message);
        }
    }

    private static int checksum(ByteBuffer... parts) {
        CRC32C checksum = new CRC32C();
        for (ByteBuffer part : parts) {
            checksum.update(part);
        }
        return (int) checksum.getValue();
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }

    private ByteBuffer readFully(int bytes) throws IOException {
        ByteBuffer target = buffer(bytes);
        readFully(target);
        return target.flip();
    }

    private void readFully(ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
            if (channel.read(target) < 0) {
                throw new EOFException();
            }
        }
    }

    private void writeFully(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            channel.write(source);
        }
    }
}
