package dev.slipstream.decode;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** A model's {@code tokenizer.json}: text to token ids and back. Safe for use by many threads. */
public final class Tokenizer implements TokenDecoder, AutoCloseable {
    /** Left alone, the library cuts every text at 512 tokens without a word. */
    private static final Map<String, String> WHOLE_TEXTS =
            Map.of("truncation", "false", "padding", "false");

    private final HuggingFaceTokenizer tokenizer;

    /** Held for writing by close: native code must not lose its memory while it runs. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();

    private boolean closed;
    private final int highestId;
    private final int longestPiece;
    private final String fingerprint;

    /**
     * Reads a tokenizer.
     *
     * @param json the text of a {@code tokenizer.json}
     * @throws IOException if it is not one
     */
    public Tokenizer(String json) throws IOException {
        Vocabulary vocabulary = Vocabulary.read(json);
        highestId = vocabulary.highestId();
        longestPiece = vocabulary.longestPiece();
        fingerprint = sha256(json);
        try (ByteArrayInputStream in =
                new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8))) {
            tokenizer = HuggingFaceTokenizer.newInstance(in, WHOLE_TEXTS);
        } catch (RuntimeException e) {
            throw new IOException("not a tokenizer.json: " + e.getMessage(), e);
        }
    }

    /** Who puts the begin token before a text. */
    public enum SpecialTokens {
        /** The tokenizer adds what its post-processor says: for plain prompts. */
        ADD,
        /** The text has them already: for rendered chat templates. */
        AS_WRITTEN
    }

    /**
     * Returns the token ids of a text.
     *
     * @param text any text
     * @param special who puts the begin token before it
     */
    public int[] encode(String text, SpecialTokens special) {
        long[] ids =
                guarded(() -> tokenizer.encode(text, special == SpecialTokens.ADD, false).getIds());
        int[] result = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            result[i] = Math.toIntExact(ids[i]);
        }
        return result;
    }

    /** {@inheritDoc} Special tokens have no text. */
    @Override
    public String decode(int[] ids, int from, int to) {
        long[] wide = widen(ids, from, to);
        return guarded(() -> tokenizer.decode(wide, true));
    }

    /**
     * Returns the text of one token alone, a special one's name included.
     *
     * @param id token id
     */
    public String piece(int id) {
        return guarded(() -> tokenizer.decode(new long[] {id}, false));
    }

    /** Returns the highest token id that a text may give. */
    public int highestId() {
        return highestId;
    }

    /** Returns what tells this tokenizer from others: the SHA-256 of its file, in hexadecimal. */
    public String fingerprint() {
        return fingerprint;
    }

    /** Returns the length of the longest token's text, in characters or bytes. */
    int longestPiece() {
        return longestPiece;
    }

    /** Waits for the threads that use the tokenizer now; later calls fail. */
    @Override
    public void close() {
        use.writeLock().lock();
        try {
            closed = true;
            tokenizer.close();
        } finally {
            use.writeLock().unlock();
        }
    }

    private <T> T guarded(Supplier<T> call) {
        use.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the model is closed, and its tokenizer with it");
            }
            return call.get();
        } finally {
            use.readLock().unlock();
        }
    }

    private static String sha256(String text) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static long[] widen(int[] ids, int from, int to) {
        long[] result = new long[to - from];
        for (int i = from; i < to; i++) {
            result[i - from] = ids[i];
        }
        return result;
    }
}
