package dev.slipstream.decode.block;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Sampler;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
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
import java.util.function.IntFunction;
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
    private final KeptContext kept;
    private Run run = Run.PROMPT;
    private @Nullable OpenBlock block;
    private int blocks;
    private int tokens;
    private int denoisingRuns;
    private int storingRuns;
    private int keptContexts;
    private int reusedContexts;
    private long runningNanos;
    private long samplingNanos;

    /** What is run next. */
    private enum Run {
        PROMPT,
        DENOISING,
        STORING
    }

    BlockDecoder(TextRequest request, BlockDecoding method) {
        this.method = method;
        BlockDiffusion diffusion = method.diffusion();
        int vocabulary = method.decoder().vocabularySize();
        shifted = diffusion.alignment() == BlockDiffusion.Alignment.SHIFTED;
        session = request.session();
        reader = new TextReader(request);
        text = new WrittenText(request);
        Sampler sampler = new Sampler(request.options(), vocabulary, request.prompt().ids());
        places = new PlaceReader(diffusion, sampler, vocabulary);
        quota = new StepQuota(method.denoisingSteps());
        kept = new KeptContext(method.contextReuse());
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
            case STORING -> {
                storingRuns++;
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
        OpenBlock open = block();
        session.rollback(open.start());
        if (text.finishReason() != null) {
            return;
        }
        count();
        Predictions predictions = places.predict(open.places(), logits);
        if (open.steps() == 0) {
            predictions = open.shorten(method.borders(), predictions);
        }
        int[] ids = predictions.tokens();
        keep(
                predictions,
                quota.of(open.places().length(), open.steps()),
                place -> text.token(ids[place], places.row(logits, place)));
        open.step();
        advance();
    }

    /** Keeps the predictions that the rule chooses, so many at least. */
    private void keep(Predictions predictions, int least, IntFunction<Token> token) {
        ActiveBlock active = block().places();
        int most = Math.min(least, active.unknown());
        BitSet chosen = method.unmasking().choose(active, predictions, most);
        if (chosen.cardinality() < most) {
            throw new IllegalStateException(
                    "%s: expected at least %d chosen places, found %s"
                            .formatted(method.unmasking(), most, chosen));
        }
        chosen.stream().forEach(place -> fix(place, token.apply(place)));
    }

    private void fix(int place, Token token) {
        block().fix(place, token);
        places.accept(token.id());
        tokens++;
    }

    /** Writes what is certain, and decides what is run next. */
    private void advance() {
        OpenBlock open = block();
        open.write(text);
        run = Run.DENOISING;
        if (open.isWhole()) {
            blocks++;
            run = Run.STORING;
            if (!shifted && text.length() == session.capacity()) {
                text.end(FinishReason.LENGTH);
            }
        }
    }

    private void count() {
        denoisingRuns++;
        switch (kept.last()) {
            case KEPT -> keptContexts++;
            case REUSED -> reusedContexts++;
            case COMPUTED -> {}
        }
    }

    private OpenBlock block() {
        return Objects.requireNonNull(block);
    }

    @Override
    public void end(FinishReason reason) {
        text.end(reason);
    }

    @Override
    public @Nullable FinishReason finishReason() {
        return text.finishReason();
    }

    @Override
    public @Nullable TextChunk poll() {
        return text.poll();
    }

    @Override
    public int generated() {
        return text.generated();
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
                new BlockWork(
                        blocks,
                        tokens,
                        denoisingRuns,
                        0,
                        storingRuns,
                        0,
                        keptContexts,
                        reusedContexts));
    }

    /** Keeps what was read; the session belongs to its owner. */
    @Override
    public void close() {
        reader.close();
    }
}
