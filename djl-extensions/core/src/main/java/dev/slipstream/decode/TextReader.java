package dev.slipstream.decode;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Turn;
import org.jspecify.annotations.Nullable;

/**
 * What a request's session reads, with the effort that the request asks for: first the prompt, by
 * pieces, less what is remembered of it. What every way to decode has in common. For one thread at
 * a time.
 */
public final class TextReader implements AutoCloseable {
    private final DecoderSession session;
    private final int[] prompt;
    private final EffortLevels.Level level;
    private final Effort promptEffort;
    private final @Nullable PrefixCache cache;
    private final int cachedTokens;
    private boolean promptRead;
    private long gatedInPrompt;
    private long skippedInPrompt;

    /**
     * Constructs a reader, and fills the session with what is remembered of the prompt.
     *
     * @param request what it begins with
     */
    public TextReader(TextRequest request) {
        LanguageModel model = request.model();
        session = request.session();
        prompt = request.prompt().ids();
        level = model.efforts().choose(request.options().effort());
        promptEffort = level.effort().withoutSkipping();
        // What others keep is the whole model's.
        cache = model.decoder().gates().wholeRuns(level.effort()) ? request.cache() : null;
        // The last token is left to be run: its logits are wanted.
        cachedTokens = cache == null ? 0 : cache.restore(session, prompt, prompt.length - 1);
    }

    /** Returns how many tokens of the prompt are to be read. */
    public int unread() {
        return Math.max(0, prompt.length - session.length());
    }

    /**
     * Returns the next piece of the prompt.
     *
     * @param most the most tokens of it
     */
    public Turn piece(int most) {
        int read = session.length();
        int end = Math.min(prompt.length, read + most);
        return new Turn(session, prompt, read, end, LogitRows.LAST, promptEffort, 0);
    }

    /**
     * Keeps what was read of the prompt, once, when all of it is: now, not at the end, as others
     * may ask for the same beginning meanwhile.
     */
    public void keepPrompt() {
        if (promptRead) {
            return;
        }
        promptRead = true;
        gatedInPrompt = session.gatedSubLayers();
        skippedInPrompt = session.skippedSubLayers();
        if (cache != null) {
            cache.store(session);
        }
    }

    /**
     * Returns a turn of tokens behind those that the session holds, of which the first ones of the
     * answer skip nothing.
     *
     * @param tokens all of them new
     * @param rows which of them get logits
     */
    public Turn turn(int[] tokens, LogitRows rows) {
        int full = prompt.length + level.warmUp() - session.length();
        return new Turn(
                session,
                tokens,
                0,
                tokens.length,
                rows,
                level.effort(),
                Math.max(0, Math.min(tokens.length, full)));
    }

    /** Returns how many tokens of the prompt were remembered. */
    public int cachedTokens() {
        return cachedTokens;
    }

    /** Returns how many sub-layers behind gates the tokens after the prompt met. */
    public long gated() {
        return promptRead ? session.gatedSubLayers() - gatedInPrompt : 0;
    }

    /** Returns how many of the {@link #gated()} were left out. */
    public long skipped() {
        return promptRead ? session.skippedSubLayers() - skippedInPrompt : 0;
    }

    /** Keeps what was read; the session belongs to its owner. */
    @Override
    public void close() {
        if (cache != null) {
            cache.store(session);
        }
    }
}
