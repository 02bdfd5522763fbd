package dev.slipstream.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.runtime.DecoderModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random requests against a list of pages that is searched from end to end. */
class PrefixCacheAgainstOracleTest {
    private static final CacheKey KEY = new CacheKey("echo", "1");
    private static final int OPERATIONS = 400;

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 7})
    void holdsWhatTheListHolds(int pageTokens) throws IOException {
        try (DecoderModel model = EchoModel.open()) {
            for (int limit : new int[] {0, 1, 2, 3, 5, 12, 40}) {
                long seed = new Random().nextLong();
                try {
                    new Run(model, pageTokens, limit, seed).check();
                } catch (AssertionError e) {
                    throw new AssertionError(
                            "pages of %d tokens, room for %d, seed %d"
                                    .formatted(pageTokens, limit, seed),
                            e);
                }
            }
        }
    }

    @Test
    void theListForgetsTheLeastRecentlyUsedLeaf() {
        PlainPrefixes plain = new PlainPrefixes(2, 3);
        plain.store(List.of(1, 2, 3));
        plain.store(List.of(5));
        assertThat(plain.restore(List.of(1, 2, 3, 4), 4)).isEqualTo(3);
        plain.store(List.of(6));
        assertThat(plain.pages()).containsExactly(List.of(1, 2, 3), List.of(1, 2), List.of(6));
        plain.store(List.of(7));
        assertThat(plain.pages()).containsExactly(List.of(1, 2), List.of(6), List.of(7));
        assertThat(plain.evictions()).isEqualTo(2);
    }

    private final class Run {
        private final DecoderModel model;
        private final int pageTokens;
        private final int limit;
        private final Random random;
        private final List<int[]> texts = new ArrayList<>();
        private PlainPrefixes plain;
        private PrefixCache cache;

        Run(DecoderModel model, int pageTokens, int limit, long seed) {
            this.model = model;
            this.pageTokens = pageTokens;
            this.limit = limit;
            this.random = new Random(seed);
            this.plain = new PlainPrefixes(pageTokens, limit);
            this.cache = cache(limit);
            texts.add(EchoModel.text(random, 5));
        }

        void check() throws IOException {
            for (int i = 0; i < OPERATIONS; i++) {
                int[] text = text();
                int choice = random.nextInt(50);
                if (choice < 25) {
                    EchoModel.store(cache, model, text);
                    plain.store(list(text));
                } else if (choice < 48) {
                    int most = random.nextInt(text.length + 1);
                    assertThat(EchoModel.restored(cache, model, text, most))
                            .isEqualTo(plain.restore(list(text), most));
                } else if (choice == 48) {
                    cache.clear();
                    plain.clear();
                } else {
                    reload();
                }
                CacheStatistics statistics = cache.statistics();
                assertThat(statistics.pages()).isEqualTo(plain.pages().size());
                assertThat(statistics.evictions()).isEqualTo(plain.evictions());
                assertThat(statistics.bytes()).isLessThanOrEqualTo(statistics.budget());
            }
            cache.close();
        }

        private void reload() throws IOException {
            Path file = directory.resolve("prefixes");
            cache.save(file, KEY);
            cache.close();
            int room = random.nextBoolean() ? limit : random.nextInt(limit + 1);
            PlainPrefixes kept = plain.reloaded(room);
            // With less room the rest of the run would be another one: only look at what is kept.
            PrefixCache small = cache(room);
            assertThat(small.load(file, KEY)).isEqualTo(kept.pages().size());
            for (List<Integer> page : kept.pages()) {
                int[] text = page.stream().mapToInt(Integer::intValue).toArray();
                assertThat(EchoModel.restored(small, model, text, text.length))
                        .isEqualTo(text.length);
            }
            small.close();
            cache = cache(limit);
            plain = plain.reloaded(limit);
            assertThat(cache.load(file, KEY)).isEqualTo(plain.pages().size());
        }

        private PrefixCache cache(int pages) {
            long page = pageTokens * model.bytesPerToken();
            // Half a page more holds no page more.
            return new PrefixCache(model, pages * page + page / 2, pageTokens);
        }

        private int[] text() {
            int[] old = texts.get(random.nextInt(texts.size()));
            int shared = random.nextInt(old.length + 1);
            int length = Math.max(1, Math.min(EchoModel.CONTEXT, shared + random.nextInt(12)));
            int[] text = EchoModel.text(random, length);
            System.arraycopy(old, 0, text, 0, Math.min(shared, length));
            texts.add(text);
            return text;
        }
    }

    private static List<Integer> list(int[] text) {
        return Arrays.stream(text).boxed().toList();
    }
}
