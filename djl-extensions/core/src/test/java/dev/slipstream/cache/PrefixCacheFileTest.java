package dev.slipstream.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrefixCacheFileTest {
    private static final int PAGE = 4;
    private static final CacheKey KEY = new CacheKey("0123456789abcdef", "1.29.0");
    private static final int[] FIRST = {1, 2, 3, 4, 5, 6, 7};
    private static final int[] SECOND = {1, 2, 3, 4, 8, 8};

    @TempDir Path directory;

    private final DecoderModel model = EchoModel.open();
    private Path file;

    @BeforeEach
    void save() throws IOException {
        file = directory.resolve("prefixes");
        PrefixCache cache = cache(8);
        EchoModel.store(cache, model, FIRST);
        EchoModel.store(cache, model, SECOND);
        cache.save(file, KEY);
    }

    @AfterEach
    void close() {
        model.close();
    }

    @Test
    void aFileGivesBackWhatWasSaved() throws IOException {
        PrefixCache loaded = cache(8);
        assertThat(loaded.load(file, KEY)).isEqualTo(3);
        assertThat(EchoModel.restored(loaded, model, FIRST, 7)).isEqualTo(7);
        assertThat(EchoModel.restored(loaded, model, SECOND, 6)).isEqualTo(6);
        Path again = directory.resolve("again");
        loaded.save(again, KEY);
        assertThat(again).hasSameBinaryContentAs(file);
        assertThat(loaded.load(file, KEY)).isZero();
        assertThat(loaded.statistics().pages()).isEqualTo(3);
    }

    @Test
    void itJoinsWhatIsThereAlready() {
        PrefixCache cache = cache(8);
        EchoModel.store(cache, model, 1, 2, 3, 4, 5, 6);
        EchoModel.store(cache, model, 1, 2, 3, 4, 8, 8, 8);
        EchoModel.store(cache, model, 2);
        assertThat(cache.load(file, KEY)).isEqualTo(1);
        assertThat(cache.statistics().pages()).isEqualTo(4);
        assertThat(EchoModel.restored(cache, model, FIRST, 7)).isEqualTo(7);
        int[] longer = {1, 2, 3, 4, 8, 8, 8};
        assertThat(EchoModel.restored(cache, model, longer, 7)).isEqualTo(7);
    }

    @Test
    void whereThereIsLessRoomTheMostRecentlyUsedStays() {
        PrefixCache small = cache(2);
        assertThat(small.load(file, KEY)).isEqualTo(2);
        assertThat(EchoModel.restored(small, model, SECOND, 6)).isEqualTo(6);
        assertThat(EchoModel.restored(small, model, FIRST, 7)).isEqualTo(4);
        assertThat(cache(0).load(file, KEY)).isZero();
    }

    @Test
    void anyFlippedBitIsNoticed() throws IOException {
        byte[] content = Files.readAllBytes(file);
        Random random = new Random(3);
        PrefixCache cache = cache(8);
        EchoModel.store(cache, model, 7, 7, 7);
        for (int i = 0; i < content.length; i++) {
            byte[] damaged = content.clone();
            damaged[i] ^= (byte) (1 << random.nextInt(8));
            refuses(cache, damaged, "expected");
        }
        Files.write(file, content);
        assertThat(cache.load(file, KEY)).isEqualTo(3);
    }

    @Test
    void anyCutIsNoticed() throws IOException {
        byte[] content = Files.readAllBytes(file);
        PrefixCache cache = cache(8);
        EchoModel.store(cache, model, 7, 7, 7);
        for (int length = 0; length < content.length; length++) {
            refuses(cache, Arrays.copyOf(content, length), "cut off");
        }
        refuses(cache, Arrays.copyOf(content, content.length + 1), "written over");
    }

    @Test
    void otherModelsFilesAreRefused() throws IOException {
        PrefixCache cache = cache(8);
        EchoModel.store(cache, model, 7, 7, 7);
        try (Warnings warnings = new Warnings()) {
            assertThat(cache.load(file, new CacheKey("another", "1.29.0"))).isZero();
            assertThat(cache.load(file, new CacheKey("0123456789abcdef", "1.30.0"))).isZero();
            PrefixCache otherPages = new PrefixCache(model, 1 << 20, 5);
            assertThat(otherPages.load(file, KEY)).isZero();
            assertThat(cache.load(directory, KEY)).isZero();
            assertThat(warnings.messages()).hasSize(4);
            assertThat(warnings.messages().get(0))
                    .contains(file.toString(), "another", "0123456789abcdef");
            assertThat(warnings.messages().get(1)).contains("1.29.0", "1.30.0");
            assertThat(warnings.messages().get(2)).contains("pageTokens=5", "pageTokens=4");
            assertThat(warnings.messages().get(3)).contains(directory.toString());
        }
        refuses(cache, "GGUF, or any other text that is long".getBytes(), "something else");
    }

    @Test
    void noFileIsNoFailure() {
        try (Warnings warnings = new Warnings()) {
            assertThat(cache(8).load(directory.resolve("none"), KEY)).isZero();
            assertThat(warnings.messages()).isEmpty();
        }
    }

    @Test
    void savingReplacesTheFileAndLeavesNothingElse() throws IOException {
        cache(8).save(file, KEY);
        assertThat(cache(8).load(file, KEY)).isZero();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
        Path nowhere = directory.resolve("none").resolve("prefixes");
        assertThatThrownBy(() -> cache(8).save(nowhere, KEY))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void theKeyTellsModelsApart() {
        OnnxModel graph = EchoModel.graph();
        CacheKey key = CacheKey.of(graph, model);
        assertThat(key).isEqualTo(CacheKey.of(EchoModel.graph(), model));
        assertThat(key.runtime()).isEqualTo(model.runtime()).startsWith("1.");
        graph.metadata().put("rope", "10000");
        assertThat(CacheKey.of(graph, model)).isNotEqualTo(key);
        for (String wrong : List.of("", "two words", "x".repeat(129), "\n")) {
            assertThatThrownBy(() -> new CacheKey(wrong, "1"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("model");
        }
    }

    private void refuses(PrefixCache cache, byte[] content, String why) throws IOException {
        Files.write(file, content);
        long bytes = cache.statistics().bytes();
        try (Warnings warnings = new Warnings()) {
            assertThat(cache.load(file, KEY)).isZero();
            assertThat(warnings.messages())
                    .singleElement()
                    .asString()
                    .contains(file.toString(), why);
        }
        assertThat(cache.statistics().pages()).isEqualTo(1);
        assertThat(cache.statistics().bytes()).isBetween(bytes, cache.statistics().budget());
        assertThat(EchoModel.restored(cache, model, new int[] {7, 7, 7}, 3)).isEqualTo(3);
    }

    private PrefixCache cache(int pages) {
        return new PrefixCache(model, pages * PAGE * model.bytesPerToken(), PAGE);
    }
}
