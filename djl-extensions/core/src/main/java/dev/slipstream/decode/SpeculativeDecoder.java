package dev.slipstream.decode;

import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The text of one request while it is decoded (Leviathan and others 2023): reads the prompt by
 * pieces, then a drafter proposes, one run of the model verifies all proposals, and those that the
 * model agrees with stay, plus one token of the model's own. Without a drafter this is plain
 * decoding, one token a run. Text and log-probabilities are the model's own in either case.
 */
public final class SpeculativeDecoder implements TextDecoder {
    private final DecoderSession session;
    private final TextReader reader;
    private final WrittenText text;
    private final @Nullable Drafter drafter;
    private final @Nullable DraftLength length;
    private final Verifier verifier;
    private final int promptLength;
    private Draft proposed = Draft.NONE;
    private Draft draft = Draft.NONE;
    private int otherRows;
    private int draftedTokens;
    private int acceptedTokens;
    private int verifications;
    private long draftNanos;
    private long draftingNanos;
    private long runningNanos;
    private long samplingNanos;

    /**
     * Constructs a decoder.
     *
     * @param request what it begins with
     * @param speculation how to draft and what to accept; null decodes plainly
     */
    public SpeculativeDecoder(TextRequest request, @Nullable Speculation speculation) {
        GenerationOptions options = request.options();
        Prompt prompt = request.prompt();
        session = request.session();
        reader = new TextReader(request);
        text = new WrittenText(request);
        promptLength = prompt.length();
        AcceptanceRule rule =
                speculation == null
                        ? AcceptanceRule.EQUAL_TOKENS
                        : speculation.acceptance().of(options);
        int vocabulary = request.model().decoder().vocabularySize();
        verifier = new Verifier(new Sampler(options, vocabulary, prompt.ids()), rule.open());
        if (speculation == null) {
            drafter = null;
            length = null;
        } else {
            length = speculation.lengths().open();
            // Last, as nobody would close it if what comes after failed.
            drafter = speculation.drafting().open(session, rule.forDrafter(options));
        }
    }

    @Override
    public int unreadPrompt() {
        return reader.unread();
    }

    /** {@inheritDoc} A piece of the prompt, or the newest token and a draft after it. */
    @Override
    public Turn next(int most, int otherRows) {
        if (reader.unread() > 0) {
            return reader.piece(most);
        }
        this.otherRows = otherRows;
        draft = draft(otherRows);
        int[] tokens = new int[1 + draft.length()];
        tokens[0] = text.newest();
        System.arraycopy(draft.tokens(), 0, tokens, 1, draft.length());
        return reader.turn(tokens, LogitRows.ALL);
    }

    private Draft draft(int others) {
        proposed = Draft.NONE;
        draftNanos = 0;
        if (drafter == null || length == null) {
            return Draft.NONE;
        }
        // The last token that may come needs no draft: the model's own token is one more.
        int room = Math.min(text.remaining() - 1, session.capacity() - text.length());
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
        if (reader.unread() > 0) {
            return;
        }
        reader.keepPrompt();
        int before = text.length();
        int accepted = accept(logits);
        // Before the drafter hears of it: it may run a part of the model on this session.
        session.rollback(Math.min(session.length(), text.length() - 1));
        if (text.finishReason() == null) {
            learn(before, accepted, runNanos);
        }
        draft = Draft.NONE;
    }

    private int accept(Logits logits) {
        if (text.finishReason() != null) {
            // Ended from outside while the run was under way.
            return 0;
        }
        long start = System.nanoTime();
        boolean verifying = text.generated() > 0;
        int accepted =
                verifier.verify(logits, draft, (token, row) -> text.add(text.token(token, row)));
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
        tell(drafter, before, text.length());
    }

    private void tell(Drafter listener, int from, int to) {
        long start = System.nanoTime();
        listener.extend(text.tokens(), from, to);
        draftingNanos += System.nanoTime() - start;
    }

    @Override
    public WrittenText text() {
        return text;
    }

    @Override
    public Statistics.Work work() {
        return new Statistics.Work(
                reader.cachedTokens(),
                draftedTokens,
                acceptedTokens,
                verifications,
                Duration.ofNanos(draftingNanos),
                Duration.ofNanos(runningNanos),
                Duration.ofNanos(samplingNanos),
                reader.gated(),
                reader.skipped());
    }

    /** Keeps what was read, and frees the drafter; the session belongs to its owner. */
    @Override
    public void close() {
        try {
            reader.close();
        } finally {
            if (drafter != null) {
                drafter.close();
            }
        }
    }
}
