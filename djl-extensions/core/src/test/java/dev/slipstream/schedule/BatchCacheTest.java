package dev.slipstream.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a prompt cache is asked, and that its errors are its request's alone. */
@Timeout(60)
class BatchCacheTest {
    private static final GenerationOptions OPTIONS =
            GenerationOptions.builder().maxTokens(20).ignoreEndOfText(true).build();

    /** Reads what it restores, and throws at prompts of 7 tokens and texts of 9 and 31. */
    private static final class ScriptedCache implements PromptCache {
        final List<int[]> stored = new ArrayList<>();

        @Override
        public void restore(DecoderSession session, int[] prompt) {
            if (prompt.length == 7) {
                throw new IllegalStateException("scripted: restore");
            }
            if (prompt.length > 10) {
                session.forward(prompt, 0, 10, LogitRows.LAST);
            }
        }

        @Override
        public void store(DecoderSession session) {
            if (session.length() == 9 || session.length() == 31) {
                throw new IllegalStateException("scripted: store");
            }
            stored.add(session.tokens());
        }
    }

    private final ScriptedCache cache = new ScriptedCache();
    private final CompletableFuture<TokenStream> cancelled = new CompletableFuture<>();
    private volatile IntConsumer onStep = step -> {};
    private final StepLog log = new StepLog(step -> onStep.accept(step));
    private final Random random = new Random(9);

    @Test
    void startsAfterWhatIsRestoredAndStoresPromptAndText() {
        Prompt prompt = BatchModels.prompt("a", 25, 512, random);
        try (BatchingGenerator batch = open()) {
            Generation found = batch.generate(prompt, OPTIONS);
            assertThat(found.text()).isEqualTo(alone(prompt));
            assertThat(found.statistics().work().cachedTokens()).isEqualTo(10);
            assertThat(log.steps().get(0)).containsExactly(new StepLog.Part("a", 15, 15));
            assertThat(cache.stored).hasSize(2);
            assertThat(cache.stored.get(0)).isEqualTo(prompt.ids());
            assertThat(cache.stored.get(1)).hasSize(44).startsWith(prompt.ids());
        }
    }

    @Test
    void itsErrorsEndTheirRequestOnly() {
        Prompt good = BatchModels.prompt("good", 25, 512, random);
        List<TokenStream> bad = new ArrayList<>();
        try (BatchingGenerator batch = open()) {
            log.hold();
            TokenStream fine = batch.stream(good, OPTIONS);
            for (int length : new int[] {7, 9, 12}) {
                bad.add(
                        batch.stream(
                                BatchModels.prompt("bad " + length, length, 512, random), OPTIONS));
            }
            log.release();
            for (TokenStream stream : bad) {
                assertThatThrownBy(stream::readAll)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("scripted: ");
            }
            assertThat(fine.readAll().text()).isEqualTo(alone(good));
            assertThat(batch.active()).isZero();
            assertThat(batch.keyValueBytes()).isZero();
        }
    }

    @Test
    void aCancelledTextIsNotStoredWhole() {
        Prompt prompt = BatchModels.prompt("a", 25, 512, random);
        try (BatchingGenerator batch = open()) {
            onStep =
                    step -> {
                        if (step == 3) {
                            cancelled.join().cancel();
                        }
                    };
            TokenStream stream = batch.stream(prompt, OPTIONS.toBuilder().maxTokens(400).build());
            cancelled.complete(stream);
            stream.readAll();
            assertThat(stream.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(cache.stored.stream().map(ids -> Arrays.copyOf(ids, 25)).toList())
                    .containsExactly(prompt.ids());
        }
    }

    private BatchingGenerator open() {
        return new BatchingGenerator(
                BatchModels.open("stories260k"), BatchOptions.defaults(), cache, log);
    }

    private static String alone(Prompt prompt) {
        try (var generator = BatchModels.open("stories260k")) {
            return generator.generate(prompt, OPTIONS).text();
        }
    }
}
