package dev.slipstream.decode;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text of one request while it is decoded (Leviathan and others 2023): reads the prompt by
 * pieces, then a drafter proposes, one run of the model verifies all proposals, and those that the
 * model agrees with stay, plus one token of the model's own. Without a drafter this is plain
 * decoding, one token a run. Text and log-probabilities are the model's own in either case.
 */
public final class SpeculativeDecoder implements TextDecoder {
    private final LanguageModel model;
    private final GenerationOptions options;
    private final DecoderSession session;
    private final EffortLevels.Level level;
    private final Effort promptEffort;
    private final @Nullable PrefixCache cache;
    private final int cachedTokens;
    private final @Nullable Drafter drafter;
    private final @Nullable DraftLength length;
    private final Verifier verifier;
    private final TextAssembler assembler;
    private final int promptLength;
    private final StringBuilder piece = new StringBuilder();
    private final List<Token> pieceTokens = new ArrayList<>();
    private int[] text;
    private int textLength;
    private Draft proposed = Draft.NONE;
    private Draft draft = Draft.NONE;
    private int otherRows;
    private @Nullable FinishReason finish;
    private int generated;
    private int draftedTokens;
    private int acceptedTokens;
    private int verifications;
    private long draftNanos;
    private long draftingNanos;
    private long runningNanos;
    private long samplingNanos;
    private long gatedInPrompt;
    private long skippedInPrompt;
    private long gated;
    private long skipped;

    /**
     * Constructs a decoder.
     *
     * @param request what it begins with
     * @param speculation how to draft and what to accept; null decodes plainly
     */
    public SpeculativeDecoder(TextRequest request, @Nullable Speculation speculation) {
        model = request.model();
        options = request.options();
        session = request.session();
        Prompt prompt = request.prompt();
        this.level = model.efforts().choose(options.effort());
        this.promptEffort = level.effort().withoutSkipping();
        // What others keep is the whole model's.
        cache = model.decoder().gates().wholeRuns(level.effort()) ? request.cache() : null;
        promptLength = prompt.length();
        // The last token is left to be run: its logits are wanted.
        cachedTokens = cache == null ? 0 : cache.restore(session, prompt.ids(), promptLength - 1);
        text = Arrays.copyOf(prompt.ids(), promptLength + 64);
        textLength = promptLength;
        AcceptanceRule rule =
                speculation == null
                        ? AcceptanceRule.EQUAL_TOKENS
                        : speculation.acceptance().of(options);
        verifier =
                new Verifier(
                        new Sampler(options, model.decoder().vocabularySize(), prompt.ids()),
                        rule.open());
        assembler = new TextAssembler(model.tokenizer(), prompt, options);
        if (speculation == null) {
            drafter = null;
            length = null;
        } else {
            length = speculation.lengths().open();
            // Last, as nobody would close it if what comes after failed.
            drafter = speculation.drafting().open(session, rule.forDrafter(options));
        }
        finish = options.maxTokens() == 0 ? FinishReason.LENGTH : null;
    }

    @Override
    public int unreadPrompt() {
        return Math.max(0, promptLength - session.length());
    }

    /** {@inheritDoc} A piece of the prompt, or the newest token and a draft after it. */
    @Override
    public Turn next(int most, int otherRows) {
        int read = session.length();
        if (read < promptLength) {
            int end = Math.min(promptLength, read + most);
            return new Turn(session, text, read, end, LogitRows.LAST, promptEffort, 0);
        }
        this.otherRows = otherRows;
        draft = draft(otherRows);
        int[] tokens = new int[1 + draft.length()];
        tokens[0] = text[textLength - 1];
        System.arraycopy(draft.tokens(), 0, tokens, 1, draft.length());
        int full = promptLength + level.warmUp() - (textLength - 1);
        return new Turn(
                session,
                tokens,
                0,
                tokens.length,
                LogitRows.ALL,
                level.effort(),
                Math.max(0, Math.min(tokens.length, full)));
    }

    private Draft draft(int others) {
        proposed = Draft.NONE;
        draftNanos = 0;
        if (drafter == null || length == null) {
            return Draft.NONE;
        }
        // The last token that may come needs no draft: the model's own token is one more.
        int room = Math.min(options.maxTokens() - generated - 1, session.capacity() - textLength);
        DraftLimit limit = length.limit(others).atMost(room);
        if (limit.tokens() == 0) {
            return Draft.NONE;
        }
        long start = System.nanoTime();
        proposed = drafter.propose(limit).first(limit.tokens());
        // Drawn tokens stay together: which ones are looked at must not depend on what they are.
        Draft worth =
                proposed.distributions() == null
                        ? proposed.first(length.worth(proposed, others))
                        : proposed;
        draftNanos = System.nanoTime() - start;
        draftingNanos += draftNanos;
        return worth;
    }

    @Override
    public void take(Logits logits, long runNanos) {
        runningNanos += runNanos;
        if (textLength == promptLength && session.length() < promptLength) {
            return;
        }
        if (cache != null && textLength == promptLength) {
            // Now, not at the end: others may ask for the same beginning meanwhile.
            cache.store(session);
        }
        count();
        int before = textLength;
        int accepted = accept(logits);
        // Before the drafter hears of it: it may run a part of the model on this session.
        session.rollback(Math.min(session.length(), textLength - 1));
        if (finish == null) {
            learn(before, accepted, runNanos);
        }
        draft = Draft.NONE;
    }

    private void count() {
        if (textLength == promptLength) {
            gatedInPrompt = session.gatedSubLayers();
            skippedInPrompt = session.skippedSubLayers();
        }
        gated = session.gatedSubLayers() - gatedInPrompt;
        skipped = session.skippedSubLayers() - skippedInPrompt;
    }

    private int accept(Logits logits) {
        if (finish != null) {
            // Ended from outside while the run was under way.
            return 0;
        }
        long start = System.nanoTime();
        boolean verifying = generated > 0;
        int accepted = verifier.verify(logits, draft, this::commit);
        if (verifying) {
            verifications++;
            draftedTokens += draft.length();
            acceptedTokens += accepted;
        }
        samplingNanos += System.nanoTime() - start;
        return accepted;
    }

    private void learn(int before, int accepted, long runNanos) {
        if (drafter == null || length == null) {
            return;
        }
        if (before == promptLength) {
            tell(drafter, 0, promptLength);
        } else {
            length.observe(
                    new DraftRound(
                            proposed,
                            draft.length(),
                            accepted,
                            draftNanos,
                            1 + draft.length() + otherRows,
                            runNanos));
        }
        tell(drafter, before, textLength);
    }

    private void tell(Drafter listener, int from, int to) {
        long start = System.nanoTime();
        listener.extend(text, from, to);
        draftingNanos += System.nanoTime() - start;
    }

    private boolean commit(int token, FloatBuffer row) {
        generated++;
        if (endsText(token)) {
            end(FinishReason.STOP_TOKEN);
            return false;
        }
        if (textLength == text.length) {
            text = Arrays.copyOf(text, 2 * textLength);
        }
        text[textLength++] = token;
        pieceTokens.add(assembler.token(token, row));
        piece.append(assembler.push(token));
        if (assembler.stopped()) {
            finish = FinishReason.STOP_STRING;
        } else if (generated >= options.maxTokens() || textLength > session.capacity()) {
            // The newest token is not read before the next one is asked for: it needs no place.
            end(FinishReason.LENGTH);
        }
        return finish == null;
    }

    private boolean endsText(int token) {
        return options.stopTokens().contains(token)
                || !options.ignoreEndOfText() && model.endTokens().contains(token);
    }

    @Override
    public void end(FinishReason reason) {
        if (finish == null) {
            piece.append(assembler.flush());
            finish = assembler.stopped() ? FinishReason.STOP_STRING : reason;
        }
    }

    @Override
    public @Nullable FinishReason finishReason() {
        return finish;
    }

    @Override
    public @Nullable TextChunk poll() {
        if (piece.isEmpty() && (finish == null || pieceTokens.isEmpty())) {
            return null;
        }
        TextChunk chunk = new TextChunk(piece.toString(), pieceTokens);
        piece.setLength(0);
        pieceTokens.clear();
        return chunk;
    }

    @Override
    public int generated() {
        return generated;
    }

    @Override
    public Statistics.Work work() {
        return new Statistics.Work(
                cachedTokens,
                draftedTokens,
                acceptedTokens,
                verifications,
                Duration.ofNanos(draftingNanos),
                Duration.ofNanos(runningNanos),
                Duration.ofNanos(samplingNanos),
                gated,
                skipped);
    }

    /** Keeps what was read, and frees the drafter; the session belongs to its owner. */
    @Override
    public void close() {
        try {
            if (cache != null) {
                cache.store(session);
            }
        } finally {
            if (drafter != null) {
                drafter.close();
            }
        }
    }
}
