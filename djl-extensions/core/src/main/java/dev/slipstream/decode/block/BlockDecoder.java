package dev.slipstream.decode.block;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextDecoder;
import dev.slipstream.decode.TextReader;
import dev.slipstream.decode.TextRequest;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.WrittenText;
import dev.slipstream.runtime.ContextAttention;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The text of one request while it is written by blocks (block diffusion: Arriola and others 2025;
 * as here, over causal text: Tian and others, NBDiff, 2025). The prompt is read by pieces. Then a
 * block of places is opened: denoising runs predict those that are not known, with the whole block
 * in sight, and some predictions are kept each time, until all places are known; a storing run then
 * leaves the block's keys and values in the session. Of a {@linkplain
 * BlockDiffusion.Alignment#SHIFTED shifted} model the last logits of the prompt, or of a storing
 * run, give the first place of the next block.
 */
final class BlockDecoder implements TextDecoder {
    private final BlockDecoding method;
    private final boolean shifted;
    private final DecoderSession session;
    private final TextReader reader;
    private final WrittenText text;
    private final PlaceReader places;
    private final StepQuota quota;
    private final ContextKeeper kept;
    private final @Nullable SpanVerifier verifier;
    private final BlockCounts counts = new BlockCounts();
    private Run run = Run.PROMPT;
    private @Nullable OpenBlock block;

    /** What the last denoising run predicted, while it is verified. */
    private @Nullable BlockDraft draft;

    private long runningNanos;
    private long samplingNanos;

    /** What is run next. */
    private enum Run {
        PROMPT,
        DENOISING,
        VERIFYING,
        STORING
    }

    BlockDecoder(TextRequest request, BlockDecoding method) {
        this.method = method;
        shifted = method.isShifted();
        session = request.session();
        reader = new TextReader(request);
        text = new WrittenText(request);
        places = new PlaceReader(method, request);
        verifier = SpanVerifier.of(method, request.options(), places);
        quota = new StepQuota(method.denoisingSteps());
        kept = new ContextKeeper(method.contextReuse());
    }

    @Override
    public int unreadPrompt() {
        return reader.unread();
    }

    /** {@inheritDoc} A piece of the prompt, or a block. */
    @Override
    public Turn next(int most, int otherRows) {
        return switch (run) {
            case PROMPT -> reader.piece(most);
            case DENOISING -> denoising();
            case VERIFYING -> verifier().turn(reader);
            case STORING -> storing();
        };
    }

    private Turn denoising() {
        ActiveBlock active = block().places();
        ContextAttention context = kept.next(active, block().start());
        return reader.turn(active.tokens(), LogitRows.ALL)
                .withVisibility(Visibility.whole(active.length()))
                .withContext(context);
    }

    private Turn storing() {
        ActiveBlock active = block().places();
        Turn turn = reader.turn(active.tokens(), LogitRows.LAST);
        return method.storing() == Storing.CAUSAL
                ? turn
                : turn.withVisibility(Visibility.whole(active.length()));
    }

    @Override
    public void take(Logits logits, long runNanos) {
        runningNanos += runNanos;
        if (reader.unread() > 0) {
            return;
        }
        reader.keepPrompt();
        long start = System.nanoTime();
        switch (run) {
            case PROMPT -> open(logits);
            case DENOISING -> denoised(logits);
            case VERIFYING -> verified(logits);
            case STORING -> {
                counts.storingRuns++;
                open(logits);
            }
        }
        samplingNanos += System.nanoTime() - start;
    }

    /** Opens the next block behind what the session holds. */
    private void open(Logits logits) {
        if (text.finishReason() != null) {
            // Ended from outside while the run was under way.
            return;
        }
        int room = session.capacity() - session.length();
        if (room == 0 && !shifted) {
            text.end(FinishReason.LENGTH);
            return;
        }
        // A first token that the last run gave needs no place in the session until it is read.
        int most = Math.min(method.diffusion().blockSize(), Math.max(1, room));
        int window = method.window(Math.min(most, text.remaining()));
        block = new OpenBlock(session.length(), text, window, method.diffusion().maskToken());
        kept.forget();
        if (shifted) {
            FloatBuffer row = places.next(logits);
            fix(0, text.token(places.choose(row), row));
        }
        advance();
    }

    private void denoised(Logits logits) {
        if (text.finishReason() == null) {
            counts.denoised(kept.last());
            read(logits);
        }
        // At last: of some models it is a run, after which the logits are gone.
        session.rollback(block().start());
    }

    private void read(Logits logits) {
        OpenBlock open = block();
        Predictions predictions = places.predict(open.places(), logits);
        if (open.steps() == 0) {
            predictions = open.shorten(method.borders(), predictions);
        }
        int[] ids = predictions.tokens();
        BlockDraft made =
                new BlockDraft(
                        predictions, place -> text.token(ids[place], places.row(logits, place)));
        int room = session.capacity() - open.start();
        if (verifier != null && verifier.follows(open.places(), predictions, logits, room)) {
            draft = made.withoutLogits(open.places());
            run = Run.VERIFYING;
        } else {
            end(made, 0);
        }
    }

    private void verified(Logits logits) {
        OpenBlock open = block();
        kept.forget();
        if (text.finishReason() != null) {
            session.rollback(open.start());
            return;
        }
        counts.verificationRuns++;
        BlockDraft drafted = Objects.requireNonNull(draft);
        int before = open.places().unknown();
        counts.verifiedTokens +=
                verifier()
                        .judge(
                                logits,
                                drafted.predictions(),
                                (place, token, row) -> fix(place, text.token(token, row)));
        end(drafted, before - open.places().unknown());
        if (!verifier().stored(open.places())) {
            session.rollback(open.start());
        } else if (text.finishReason() == null) {
            open(logits);
        }
    }

    /** Ends a step: keeps predictions up to the step's quota, of which some may be fixed. */
    private void end(BlockDraft of, int fixed) {
        OpenBlock open = block();
        int least = quota.of(open.places().length(), open.steps()) - fixed;
        int possible = Math.min(least, open.places().unknown());
        int more = possible > 0 ? keep(of, possible) : 0;
        if (verifier != null) {
            verifier.learn(fixed + more);
        }
        open.step();
        advance();
    }

    /** Keeps the predictions that the rule chooses, so many at least; returns how many. */
    private int keep(BlockDraft of, int least) {
        BitSet chosen = method.unmasking().choose(block().places(), of.predictions(), least);
        if (chosen.cardinality() < least) {
            throw new IllegalStateException(
                    "%s: expected at least %d chosen places, found %s"
                            .formatted(method.unmasking(), least, chosen));
        }
        chosen.stream().forEach(place -> fix(place, of.tokens().apply(place)));
        return chosen.cardinality();
    }

    private void fix(int place, Token token) {
        block().fix(place, token);
        places.accept(token.id());
        counts.tokens++;
    }

    /** Writes what is certain, and decides what is run next. */
    private void advance() {
        OpenBlock open = block();
        open.write(text);
        run = Run.DENOISING;
        if (open.isWhole()) {
            counts.blocks++;
            run = Run.STORING;
            if (!shifted && text.length() == session.capacity()) {
                text.end(FinishReason.LENGTH);
            }
        }
    }

    private OpenBlock block() {
        return Objects.requireNonNull(block);
    }

    private SpanVerifier verifier() {
        return Objects.requireNonNull(verifier);
    }

    @Override
    public WrittenText text() {
        return text;
    }

    @Override
    public Statistics.Work work() {
        return new Statistics.Work(
                reader.cachedTokens(),
                0,
                0,
                0,
                Duration.ZERO,
                Duration.ofNanos(runningNanos),
                Duration.ofNanos(samplingNanos),
                reader.gated(),
                reader.skipped(),
                counts.work());
    }

    /** Keeps what was read; the session belongs to its owner. */
    @Override
    public void close() {
        reader.close();
    }
}
