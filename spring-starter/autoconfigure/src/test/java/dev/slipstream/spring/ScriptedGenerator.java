package dev.slipstream.spring;

import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.schedule.QueuedGenerator;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Says the same pieces, one token each, to every prompt, and keeps what it was asked. A prompt has
 * one token a word, of which two are remembered from before; the first token comes after 10 ms of a
 * clock of its own, each later one after 5, and for each four were drafted.
 */
public final class ScriptedGenerator implements TextGenerator {
    private final String name;
    private final List<String> pieces;

    public final List<Prompt> prompts = new CopyOnWriteArrayList<>();
    public final List<GenerationOptions> options = new CopyOnWriteArrayList<>();
    public final List<List<ChatMessage>> chats = new CopyOnWriteArrayList<>();
    public final List<List<ChatMessage.Tool>> tools = new CopyOnWriteArrayList<>();
    public final CountDownLatch streamClosed = new CountDownLatch(1);
    public volatile boolean closed;
    private volatile boolean waitsAfterPieces;
    private volatile boolean whole;
    private volatile @Nullable RuntimeException failure;
    private volatile @Nullable RuntimeException refusal;

    public ScriptedGenerator(String name, String... pieces) {
        this.name = name;
        this.pieces = List.of(pieces);
    }

    /** Makes the stream wait after its last piece until it is cancelled. */
    public ScriptedGenerator waitingAfterPieces() {
        waitsAfterPieces = true;
        return this;
    }

    /** Makes the stream fail after its last piece. */
    public ScriptedGenerator failingAfterPieces(RuntimeException e) {
        failure = e;
        return this;
    }

    /** Makes every request fail at once. */
    public ScriptedGenerator refusing(RuntimeException e) {
        refusal = e;
        return this;
    }

    /** Makes options wrong that ask for less than the whole model. */
    public ScriptedGenerator whole() {
        whole = true;
        return this;
    }

    public QueuedGenerator queued() {
        return new QueuedGenerator(this, 2, 4);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int contextLength() {
        return 64;
    }

    @Override
    public int vocabularySize() {
        return 8;
    }

    @Override
    public GenerationOptions defaults() {
        return GenerationOptions.builder().maxTokens(16).temperature(0.5).topK(7).build();
    }

    @Override
    public boolean hasChatTemplate() {
        return true;
    }

    @Override
    public Prompt prompt(String text) {
        return new Prompt(text, new int[text.split(" ").length]);
    }

    @Override
    public Prompt chat(List<ChatMessage> messages, List<ChatMessage.Tool> tools) {
        chats.add(messages);
        this.tools.add(tools);
        return prompt(String.join(" ", messages.stream().map(ChatMessage::content).toList()));
    }

    @Override
    public void check(GenerationOptions options) {
        EffortRequest effort = options.effort();
        if (whole && !effort.equals(EffortRequest.NONE)) {
            throw new InvalidOptionException(
                    effort.level() != null ? "effort" : "skipCount",
                    "expected the whole model, found " + effort);
        }
    }

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        if (refusal != null) {
            throw refusal;
        }
        prompts.add(prompt);
        this.options.add(options);
        return new ScriptedStream(prompt, options);
    }

    @Override
    public void close() {
        closed = true;
    }

    private final class ScriptedStream implements TokenStream {
        private final int promptTokens;
        private final int maxTokens;
        private final CountDownLatch cancelled = new CountDownLatch(1);
        private int said;

        ScriptedStream(Prompt prompt, GenerationOptions options) {
            promptTokens = prompt.length();
            maxTokens = options.maxTokens();
        }

        @Override
        public boolean hasNext() {
            if (said == pieces.size() && failure != null) {
                throw failure;
            }
            if (said == pieces.size() && waitsAfterPieces) {
                await();
            }
            return said < Math.min(pieces.size(), maxTokens) && cancelled.getCount() > 0;
        }

        private void await() {
            try {
                cancelled.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public TextChunk next() {
            if (said == pieces.size()) {
                throw new NoSuchElementException();
            }
            String text = pieces.get(said++);
            return new TextChunk(text, List.of(new Token(said, text, null, List.of())));
        }

        @Override
        public void cancel() {
            cancelled.countDown();
        }

        @Override
        public FinishReason finishReason() {
            if (cancelled.getCount() == 0) {
                return FinishReason.CANCELLED;
            }
            if (hasNext()) {
                throw new IllegalStateException("not ended yet");
            }
            return said < pieces.size() ? FinishReason.LENGTH : FinishReason.STOP_TOKEN;
        }

        @Override
        public Statistics statistics() {
            Duration first = Duration.ofMillis(said == 0 ? 0 : 10);
            return new Statistics(
                    promptTokens,
                    said,
                    said,
                    Duration.ZERO,
                    first,
                    first.plusMillis(5L * Math.max(0, said - 1)),
                    new Statistics.Work(
                            said == 0 ? 0 : 2,
                            4 * said,
                            said,
                            said,
                            Duration.ZERO,
                            Duration.ZERO,
                            Duration.ZERO,
                            8L * said,
                            3L * said,
                            new BlockWork(
                                    said, 7 * said, 5 * said, 2 * said, said, said, 0, 4 * said)));
        }

        @Override
        public void close() {
            cancelled.countDown();
            streamClosed.countDown();
        }
    }
}
