package dev.slipstream.spring.openai;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.PromptTooLongException;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.schedule.QueueFullException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The texts of one request, one after another: so a request for eight texts takes one place in the
 * queue, never eight. The request is admitted with its first text; where the queue is full when a
 * later one begins, that one waits for a place.
 */
final class Choices implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 50;

    private final TextGenerator generator;
    private final List<Prompt> prompts;
    private final int textsPerPrompt;
    private final GenerationOptions options;
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private volatile TokenStream stream;
    private int index;
    private boolean complete;
    private int decodedTokens;
    private int cachedTokens;
    private int draftedTokens;
    private int acceptedTokens;
    private long gatedSubLayers;
    private long skippedSubLayers;

    /**
     * Opens the first text.
     *
     * @param textsPerPrompt whose seeds count up from the request's
     * @throws QueueFullException if too many requests wait already
     * @throws PromptTooLongException if one of the prompts leaves no room for an answer
     */
    Choices(
            TextGenerator generator,
            List<Prompt> prompts,
            int textsPerPrompt,
            GenerationOptions options) {
        this.generator = generator;
        this.prompts = prompts;
        this.textsPerPrompt = textsPerPrompt;
        this.options = options;
        for (Prompt prompt : prompts) {
            if (prompt.length() >= generator.contextLength()) {
                throw new PromptTooLongException(prompt.length(), generator.contextLength());
            }
        }
        this.stream = open();
    }

    /** Returns the text that is being decoded. */
    TokenStream stream() {
        return stream;
    }

    /** Returns the place of the text among all: those of the first prompt come first. */
    int index() {
        return index;
    }

    /** Returns what the texts used that were closed by {@link #next}. */
    AnswerFormat.Usage usage() {
        return AnswerFormat.Usage.of(
                prompts.stream().mapToInt(Prompt::length).sum(),
                decodedTokens,
                cachedTokens,
                draftedTokens,
                acceptedTokens,
                AnswerFormat.SavedWork.of(skippedSubLayers, gatedSubLayers));
    }

    private void count(Statistics statistics) {
        decodedTokens += statistics.generatedTokens();
        draftedTokens += statistics.work().draftedTokens();
        acceptedTokens += statistics.work().acceptedTokens();
        gatedSubLayers += statistics.work().gatedSubLayers();
        skippedSubLayers += statistics.work().skippedSubLayers();
        // A prompt's later texts find it remembered by the first; the prompt is counted once.
        if (index % textsPerPrompt == 0) {
            cachedTokens += statistics.work().cachedTokens();
        }
    }

    /**
     * Closes the text and begins the next.
     *
     * @return false if that was the last one, or {@link #cancel} was called
     */
    boolean next() {
        count(stream.statistics());
        stream.close();
        complete = index + 1 == prompts.size() * textsPerPrompt;
        if (complete || isCancelled()) {
            return false;
        }
        index++;
        TokenStream opened = openPatiently();
        if (opened == null) {
            return false;
        }
        stream = opened;
        if (isCancelled()) {
            opened.cancel();
        }
        return true;
    }

    /** Tells whether the last text has ended, once {@link #next} has returned false. */
    boolean isComplete() {
        return complete;
    }

    /** Ends the request within one step of the model; may be called from any thread. */
    void cancel() {
        cancelled.countDown();
        stream.cancel();
    }

    boolean isCancelled() {
        return cancelled.getCount() == 0;
    }

    @Override
    public void close() {
        stream.close();
    }

    private @Nullable TokenStream openPatiently() {
        while (true) {
            try {
                return open();
            } catch (QueueFullException full) {
                try {
                    if (cancelled.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                        return null;
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw full;
                }
            }
        }
    }

    private TokenStream open() {
        Long seed = options.seed();
        int text = index % textsPerPrompt;
        return generator.stream(
                prompts.get(index / textsPerPrompt),
                seed == null ? options : options.toBuilder().seed(seed + text).build());
    }
}
