package dev.slipstream.schedule;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Writes two pieces for every prompt and notes whose streams ran, in order. The prompt {@code
 * fails} throws at its first step; {@code refused} when its stream is asked for.
 */
final class ScriptedGenerator implements TextGenerator {
    final Queue<String> ran = new ConcurrentLinkedQueue<>();
    final Set<String> closed = ConcurrentHashMap.newKeySet();
    private final Queue<Script> open = new ConcurrentLinkedQueue<>();

    @Override
    public TokenStream stream(Prompt prompt, GenerationOptions options) {
        if (prompt.text().equals("refused")) {
            throw new IllegalArgumentException("refused");
        }
        Script script = new Script(prompt.text(), options.deadline());
        open.add(script);
        return script;
    }

    private final class Script implements TokenStream {
        private final String text;
        private final @Nullable Duration deadline;
        private final long submitted = System.nanoTime();
        private volatile boolean cancelled;
        private @Nullable FinishReason finish;
        private int written;
        private boolean ready;

        Script(String text, @Nullable Duration deadline) {
            this.text = text;
            this.deadline = deadline;
        }

        @Override
        public boolean hasNext() {
            if (!ready && finish == null) {
                finish = over();
                if (finish == null) {
                    step();
                }
            }
            return ready;
        }

        private @Nullable FinishReason over() {
            if (cancelled) {
                return FinishReason.CANCELLED;
            }
            if (deadline != null && System.nanoTime() - submitted >= deadline.toNanos()) {
                return FinishReason.DEADLINE;
            }
            return written == 2 ? FinishReason.LENGTH : null;
        }

        private void step() {
            if (written == 0) {
                ran.add(text);
            }
            if (text.equals("fails")) {
                throw new IllegalStateException("fails");
            }
            written++;
            ready = true;
        }

        @Override
        public TextChunk next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            ready = false;
            return new TextChunk(text, List.of());
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public FinishReason finishReason() {
            if (finish == null) {
                throw new IllegalStateException("not ended");
            }
            return finish;
        }

        @Override
        public Statistics statistics() {
            return new Statistics(1, written, written, Duration.ZERO, Duration.ZERO, Duration.ZERO);
        }

        @Override
        public void close() {
            cancelled = true;
            closed.add(text);
        }
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public int contextLength() {
        return 10;
    }

    @Override
    public int vocabularySize() {
        return 5;
    }

    @Override
    public GenerationOptions defaults() {
        return GenerationOptions.greedy();
    }

    @Override
    public boolean hasChatTemplate() {
        return false;
    }

    @Override
    public Prompt prompt(String text) {
        return new Prompt(text, new int[] {1});
    }

    @Override
    public Prompt chat(List<ChatMessage> messages, List<ChatMessage.Tool> tools) {
        return prompt(messages.get(0).content());
    }

    @Override
    public void close() {
        open.forEach(TokenStream::cancel);
    }
}
