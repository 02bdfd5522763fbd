package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are whole, and files that are not. */
class CorpusIndexTest {
    private static final CorpusOrigin ORIGIN = new CorpusOrigin("tökenizer", "documents of today");

    @TempDir private Path directory;
    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = directory.resolve("manual.corpus");
        CorpusIndex.write(file, List.of(new int[] {3, 1, 2}, new int[0], new int[] {3, 1}), ORIGIN);
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        CorpusIndex index = CorpusIndex.open(file, ORIGIN.tokenizer());
        assertThat(index.origin()).isEqualTo(ORIGIN);
        assertThat(index.documents()).isEqualTo(2);
        assertThat(index.tokens()).isEqualTo(7);
        assertThat(new int[] {index.token(0), index.token(3), index.token(6)})
                .containsExactly(3, -1, -1);
        assertThat(new int[] {index.suffix(0), index.suffix(1), index.suffix(6)})
                .containsExactly(6, 3, 0);
    }

    @Test
    void aLargeIndexIsWrittenInPieces() throws IOException {
        int[] document = new Random(3).ints(100_000, 0, 50).toArray();
        CorpusIndex.write(file, List.of(document), ORIGIN);
        CorpusIndex index = CorpusIndex.open(file, ORIGIN.tokenizer());
        int[] read = new int[document.length];
        boolean[] seen = new boolean[index.tokens()];
        for (int i = 0; i < index.tokens(); i++) {
            seen[index.suffix(i)] = true;
            if (i < read.length) {
                read[i] = index.token(i);
            }
        }
        assertThat(read).isEqualTo(document);
        assertThat(seen).doesNotContain(false);
    }

    @Test
    void aFlippedBitAnywhereIsNoticed() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) {
            byte[] damaged = whole.clone();
            damaged[i] ^= (byte) (1 << i % Byte.SIZE);
            Files.write(file, damaged);
            assertRefused("byte " + i);
        }
    }

    @Test
    void aFileOfAnyOtherLengthIsNoticed() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length + 8; length++) {
            if (length != whole.length) {
                Files.write(file, Arrays.copyOf(whole, length));
                assertRefused("length " + length);
            }
        }
    }

    private void assertRefused(String where) {
        assertThatThrownBy(() -> CorpusIndex.open(file))
                .as(where)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining("expected")
                .hasMessageContaining("found");
    }

    @Test
    void anotherKindOfFileIsNamed() throws IOException {
        Files.writeString(file, "The manual of the machine, in words.");
        assertThatThrownBy(() -> CorpusIndex.open(file, ORIGIN.tokenizer()))
                .hasMessageContaining("expected a corpus index, which begins with SLIPCORP")
                .hasMessageContaining("found another kind of file");
    }

    @Test
    void aMissingFileIsNamed() {
        Path missing = directory.resolve("none.corpus");
        assertThatThrownBy(() -> CorpusIndex.open(missing, ORIGIN.tokenizer()))
                .isInstanceOf(IOException.class)
                .hasMessage(missing + ": expected a corpus index, found no such file");
    }

    @Test
    void anotherTokenizerIsRefused() {
        assertThatThrownBy(() -> CorpusIndex.open(file, "of another model"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("expected a corpus index of tokenizer of another model")
                .hasMessageContaining("found one of tokenizer tökenizer")
                .hasMessageContaining("make it again");
    }

    @Test
    void nothingIsLeftOfAnIndexThatCannotBeMade() throws IOException {
        Path target = directory.resolve("empty.corpus");
        assertThatThrownBy(() -> CorpusIndex.write(target, List.of(new int[0]), ORIGIN))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("found none with any text");
        assertThatThrownBy(() -> CorpusIndex.write(target, List.of(new int[] {1, -1}), ORIGIN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected token ids of 0 or more, found -1");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }
}
