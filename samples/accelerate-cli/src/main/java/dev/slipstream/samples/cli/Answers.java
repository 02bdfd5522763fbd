package dev.slipstream.samples.cli;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Decodes one text after the other until it is told to end. */
final class Answers {
    private volatile boolean ended;
    private volatile @Nullable TokenStream running;

    /** Ends the text that is being decoded, and lets no other begin; from any thread. */
    void end() {
        ended = true;
        TokenStream stream = running;
        if (stream != null) {
            stream.cancel();
        }
    }

    /** Tells whether no text may begin any more. */
    boolean ended() {
        return ended;
    }

    /**
     * Decodes a text.
     *
     * @throws CancellationException if it was ended
     */
    Answer of(TextGenerator generator, Prompt prompt, GenerationOptions options) {
        try (TokenStream stream = generator.stream(prompt, options)) {
            running = stream;
            if (ended) {
                throw new CancellationException();
            }
            StringBuilder text = new StringBuilder();
            IntStream.Builder tokens = IntStream.builder();
            Statistics.Work prefill = null;
            while (stream.hasNext()) {
                TextChunk chunk = stream.next();
                prefill = prefill == null ? stream.statistics().work() : prefill;
                text.append(chunk.text());
                chunk.tokens().forEach(token -> tokens.add(token.id()));
            }
            if (stream.finishReason() == FinishReason.CANCELLED) {
                throw new CancellationException();
            }
            Statistics end = stream.statistics();
            return new Answer(
                    text.toString(),
                    tokens.build().toArray(),
                    end,
                    Decoding.of(prefill == null ? end.work() : prefill, end));
        } finally {
            running = null;
        }
    }
}
