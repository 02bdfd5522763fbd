package dev.slipstream.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.GrowingDecoder;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many requests at once with room for few: what each gets must still be its own. */
@Timeout(120)
class PrefixCacheThreadsTest {
    private static final int THREADS = 8;
    private static final int REQUESTS = 400;
    private static final CacheKey KEY = new CacheKey("echo", "1");

    @TempDir Path directory;

    @Test
    void eightThreadsShareSixPages() throws Exception {
        long seed = new Random().nextLong();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (DecoderModel model = EchoModel.open()) {
            PrefixCache cache = new PrefixCache(model, 6 * 4 * model.bytesPerToken(), 4);
            List<Future<Integer>> users =
                    IntStream.range(0, THREADS)
                            .mapToObj(i -> threads.submit(() -> use(cache, model, i, seed + i)))
                            .toList();
            int saved = 0;
            for (Future<Integer> user : users) {
                saved += user.get();
            }
            CacheStatistics statistics = cache.statistics();
            assertThat(statistics.tokensSaved()).isEqualTo(saved).isPositive();
            assertThat(statistics.evictions()).isPositive();
            // Nothing was lost on the way: a text that needs all pages gets all.
            cache.clear();
            int[] text = EchoModel.text(new Random(seed), 24);
            EchoModel.store(cache, model, text);
            assertThat(EchoModel.restored(cache, model, text, 24)).isEqualTo(24);
            assertThat(cache.statistics().bytes()).isEqualTo(cache.statistics().budget());
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        } finally {
            threads.shutdownNow();
        }
    }

    private int use(PrefixCache cache, DecoderModel model, int user, long seed) throws Exception {
        Random random = new Random(seed);
        Path file = directory.resolve("user" + user);
        int saved = 0;
        for (int i = 0; i < REQUESTS; i++) {
            int[] text = EchoModel.text(random, 2 + random.nextInt(20));
            try (DecoderSession session = model.newSession()) {
                int known = cache.restore(session, text, text.length - 1);
                saved += known;
                EchoModel.requireHeld(session, Arrays.copyOf(text, known));
                Logits logits = session.forward(text, known, text.length, LogitRows.LAST);
                assertThat(logits.row(0).get(2))
                        .isEqualTo(GrowingDecoder.logit(text, text.length - 1, 2));
                cache.store(session);
            }
            switch (random.nextInt(60)) {
                case 0 -> cache.clear();
                case 1 -> cache.save(file, KEY);
                case 2 -> cache.load(file, KEY);
                default ->
                        assertThat(cache.statistics().bytes())
                                .isLessThanOrEqualTo(cache.statistics().budget());
            }
        }
        return saved;
    }
}
