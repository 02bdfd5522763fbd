package dev.slipstream.cache;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the keys and values of texts, so that requests that begin alike (a system prompt, the
 * turns of a chat so far) do not compute the beginning twice. A session that gets a beginning holds
 * the same bytes as the one that stored it.
 *
 * <p>Keys and values lie in pages of 32 tokens in native memory, which form a tree over the tokens.
 * When the budget is used up, a new page takes the place of the least recently used page that none
 * continues. A page in use by another thread stays. A budget below one page, and a model with
 * states that cannot be cut by tokens ({@link DecoderModel#savesTokens()}), make a cache that
 * remembers nothing.
 *
 * <p>Safe for use by many threads; keys and values are copied outside of the lock. Pages for shared
 * prefixes: W. Kwon and others, "Efficient Memory Management for Large Language Model Serving with
 * PagedAttention", 2023; a radix tree that forgets the least recently used leaf: L. Zheng and
 * others, "SGLang: Efficient Execution of Structured Language Model Programs", 2023.
 */
public final class PrefixCache implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(PrefixCache.class.getName());
    private static final int PAGE_TOKENS = 32;

    private final DecoderModel model;
    private final PageTree tree;
    private final PageFile.Layout layout;
    private @Nullable Keep keep;

    /**
     * Constructs an empty cache.
     *
     * @param model whose sessions it serves
     * @param budget the most bytes of native memory; it is taken page by page, as it is needed
     */
    public PrefixCache(DecoderModel model, long budget) {
        this(model, budget, PAGE_TOKENS);
    }

    PrefixCache(DecoderModel model, long budget, int pageTokens) {
        if (budget < 0) {
            throw new IllegalArgumentException("budget: expected 0 bytes or more, found " + budget);
        }
        long pageBytes = pageTokens * model.bytesPerToken();
        boolean possible = model.savesTokens() && pageBytes <= Integer.MAX_VALUE;
        if (!possible) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "{0}: the prefix cache remembers nothing: expected keys and values that can be cut by tokens, {1} tokens in less than 2 GiB; found {2}",
                    model.name(),
                    pageTokens,
                    model.savesTokens() ? pageBytes + " bytes" : "states without a time axis");
        }
        this.model = model;
        this.layout = new PageFile.Layout(pageTokens, model.bytesPerToken());
        this.tree =
                possible
                        ? new PageTree(
                                pageTokens, (int) pageBytes, budget, ByteBuffer::allocateDirect)
                        : new PageTree(pageTokens, 1, 0, ByteBuffer::allocateDirect);
    }

    /**
     * Returns a cache that begins with what a file holds, and writes it when it is closed.
     *
     * @param model whose sessions it serves
     * @param budget the most bytes of native memory
     * @param file is read now and replaced at the end; need not exist
     * @param key of the model
     */
    public static PrefixCache kept(DecoderModel model, long budget, Path file, CacheKey key) {
        PrefixCache cache = new PrefixCache(model, budget);
        cache.load(file, key);
        cache.keep = new Keep(file, key);
        return cache;
    }

    /** Where a cache is written when it is closed. */
    private record Keep(Path file, CacheKey key) {}

    /**
     * Copies the longest beginning of a text that is remembered into a session.
     *
     * @param session of the cache's model, without tokens
     * @param tokens the text
     * @param most the most tokens to copy; one less than the text has, as the last one must be run
     *     to get logits
     * @return how many tokens the session holds now
     */
    public int restore(DecoderSession session, int[] tokens, int most) {
        requireOwn(session);
        if (session.length() != 0) {
            throw new IllegalArgumentException(
                    "expected a session without tokens, found one with %d; take a new one"
                            .formatted(session.length()));
        }
        if (most < 0 || most > tokens.length) {
            throw new IllegalArgumentException(
                    "most: expected 0 to %d tokens, found %d".formatted(tokens.length, most));
        }
        try (Lease found =
                tree.find(tokens, Math.min(most, session.capacity()), session.capacity())) {
            for (Page page : found.pages()) {
                ByteBuffer content = page.content(layout.bytesPerToken());
                session.restore(page.tokens(), 0, page.length(), content);
            }
            session.rollback(found.length());
            return found.length();
        }
    }

    /**
     * Remembers the tokens of a session, as far as they are not yet and there is room: after a
     * prompt, so that requests that run meanwhile profit, and after an answer, for the next turn.
     * Tokens from a {@linkplain DecoderSession#exactLength() drafted} one on are left out.
     *
     * @param session of the cache's model
     */
    public void store(DecoderSession session) {
        requireOwn(session);
        int[] tokens = session.tokens();
        int length = session.exactLength();
        try (Lease lease = tree.begin()) {
            while (tree.follow(lease, tokens, length) < length) {
                int from = lease.length();
                Page page = tree.reserve(lease.last(), tree.piece(tokens, from, length));
                if (page == null) {
                    return;
                }
                try {
                    session.save(from, from + page.length(), page.content(layout.bytesPerToken()));
                } catch (RuntimeException e) {
                    tree.discard(page);
                    throw e;
                }
                if (!tree.link(lease, page)) {
                    return;
                }
            }
        }
    }

    /** Returns what the cache has done and holds. */
    public CacheStatistics statistics() {
        return tree.statistics();
    }

    /**
     * Writes all pages to a file, which appears complete or not at all. While it is written, the
     * cache forgets nothing, and so remembers nothing new once its budget is used up. The file
     * holds the texts' tokens: where the file system can, only its owner may read it.
     *
     * @param file where to write; an existing file is replaced
     * @param key whose keys and values they are
     * @throws IOException if the file cannot be written
     */
    public void save(Path file, CacheKey key) throws IOException {
        try (Lease all = tree.all()) {
            PageFile.write(file, key, layout, all.pages());
        }
    }

    /**
     * Adds the pages of a file, the most recently used first, as far as there is room. A file that
     * is damaged, unreadable, or of another model or version is ignored with a warning in the log.
     *
     * @param file what {@link #save} wrote; if there is none, nothing happens
     * @param key whose keys and values are expected
     * @return how many pages were added
     */
    public int load(Path file, CacheKey key) {
        if (!Files.exists(file)) {
            return 0;
        }
        List<Page> pages = new ArrayList<>();
        List<Integer> parents = new ArrayList<>();
        try {
            PageFile.read(file, key, layout, tree, pages, parents);
        } catch (IOException e) {
            pages.forEach(tree::discard);
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "{0}: the prefix cache goes on without this file: {1}",
                    file,
                    e.getMessage());
            return 0;
        }
        return tree.adopt(pages, parents);
    }

    /** Forgets everything; the memory is kept for what comes. */
    public void clear() {
        tree.clear();
    }

    /**
     * Writes the file if there is one, then forgets everything, now and from now on: later calls
     * find and remember nothing.
     */
    @Override
    public synchronized void close() {
        Keep last = keep;
        keep = null;
        try {
            if (last != null) {
                save(last.file(), last.key());
            }
        } catch (IOException e) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "{0}: the prefix cache cannot be kept there: {1}",
                    last.file(),
                    e.getMessage());
        } finally {
            tree.close();
        }
    }

    private void requireOwn(DecoderSession session) {
        if (session.model() != model) {
            throw new IllegalArgumentException(
                    "expected a session of the open model %s that the cache belongs to, found one of %s"
                            .formatted(model.name(), session.model().name()));
        }
    }
}
