package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From text files to an index, and when it is made again. */
class CorpusFilesTest {
    private static AutoregressiveGenerator stories;
    private static AutoregressiveGenerator baby;

    @TempDir private Path directory;
    private Path manuals;
    private Path index;

    @BeforeAll
    static void openModels() {
        stories = Models.open(DraftedTextsTest.STORIES, LoadOptions.defaults());
        baby = Models.open(DraftedTextsTest.BABY, LoadOptions.defaults());
    }

    @AfterAll
    static void closeModels() {
        stories.close();
        baby.close();
    }

    @BeforeEach
    void writeManuals() throws IOException {
        manuals = Files.createDirectory(directory.resolve("manuals"));
        index = directory.resolve("manuals.corpus");
        Files.writeString(manuals.resolve("a.txt"), "Once upon a time there was a pump.");
        Files.createDirectory(manuals.resolve("more"));
        Files.writeString(manuals.resolve("more/b.md"), "# The pump\nIt was big.\n");
        Files.writeString(manuals.resolve("empty.txt"), "");
        Files.write(manuals.resolve("picture.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G'});
        try (OutputStream out =
                new GZIPOutputStream(Files.newOutputStream(manuals.resolve("c.txt.gz")))) {
            out.write("The end.".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void everyTextFileOfADirectoryIsADocument() throws IOException {
        CorpusIndex made = Corpus.open(manuals, tokenizer(stories)).index();
        assertThat(made.documents()).isEqualTo(3);
        assertThat(document(made, 0)).isEqualTo(ids("Once upon a time there was a pump."));
        assertThat(document(made, 1)).isEqualTo(ids("The end."));
        assertThat(document(made, 2)).isEqualTo(ids("# The pump\nIt was big.\n"));
        assertThat(index).isRegularFile();
        assertThat(Corpus.open(index, tokenizer(stories)).index().documents()).isEqualTo(3);
    }

    @Test
    void theIndexIsUsedAgainUntilSomethingChanges() throws IOException {
        open(stories);
        FileTime old = mark();
        open(stories);
        assertThat(Files.getLastModifiedTime(index)).isEqualTo(old);

        Files.setLastModifiedTime(manuals.resolve("a.txt"), FileTime.fromMillis(1_000_000));
        assertMadeAgain(stories);
        Files.writeString(manuals.resolve("d.txt"), "One more.");
        assertMadeAgain(stories);
        assertMadeAgain(baby);
        byte[] damaged = Files.readAllBytes(index);
        damaged[damaged.length / 2]++;
        Files.write(index, damaged);
        assertMadeAgain(baby);
    }

    private void assertMadeAgain(AutoregressiveGenerator model) throws IOException {
        FileTime old = mark();
        open(model);
        assertThat(Files.getLastModifiedTime(index)).isNotEqualTo(old);
    }

    /** Gives the index a time that no file written now has. */
    private FileTime mark() throws IOException {
        Files.setLastModifiedTime(index, FileTime.fromMillis(5_000_000));
        return Files.getLastModifiedTime(index);
    }

    private void open(AutoregressiveGenerator model) throws IOException {
        CorpusIndex opened = Corpus.open(manuals, index, tokenizer(model)).index();
        assertThat(opened.origin().tokenizer()).isEqualTo(tokenizer(model).fingerprint());
    }

    @Test
    void longFilesAreReadWhole() throws IOException {
        Path file = directory.resolve("long.txt");
        String lines = "Lily saw a big red ball.\n".repeat(1_000);
        String line = "x\uD83D\uDE00".repeat(25_000);
        Files.writeString(file, lines + line);
        CorpusIndex made = Corpus.open(file, tokenizer(stories)).index();
        String read = tokenizer(stories).decode(document(made, 0), 0, made.tokens() - 1);
        // Each piece begins with the space that this tokenizer puts before a text.
        assertThat(read.replace(" ", "")).isEqualTo((lines + line).replace(" ", ""));
    }

    @Test
    void aFileThatIsNoIndexIsKept() throws IOException {
        Files.writeString(index, "My own notes.");
        assertThatThrownBy(() -> Corpus.open(manuals, tokenizer(stories)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("found another kind of file");
        assertThat(index).hasContent("My own notes.");
    }

    @Test
    void anIndexOfAnotherTokenizerIsRefused() throws IOException {
        open(stories);
        assertThatThrownBy(() -> Corpus.open(index, tokenizer(baby)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("make it again with this model's tokenizer");
    }

    @Test
    void aFileThatIsNotUtf8IsNamed() throws IOException {
        Path latin = manuals.resolve("latin.txt");
        Files.write(latin, "Grün".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Corpus.open(manuals, tokenizer(stories)))
                .isInstanceOf(IOException.class)
                .hasMessage(latin + ": expected UTF-8, found other bytes; convert the file");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(manuals);
        }
    }

    @Test
    void whatHasNoTextIsNamed() throws IOException {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        assertThatThrownBy(() -> Corpus.open(empty, tokenizer(stories)))
                .hasMessage(
                        empty
                                + ": expected files whose names end in .txt, .md, .txt.gz, .md.gz, found none");
        Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> Corpus.open(missing, tokenizer(stories)))
                .hasMessageContaining("found no such file");
    }

    private static Tokenizer tokenizer(AutoregressiveGenerator generator) {
        return generator.model().tokenizer();
    }

    private static int[] ids(String text) {
        return tokenizer(stories).encode(text, Tokenizer.SpecialTokens.AS_WRITTEN);
    }

    private static int[] document(CorpusIndex index, int number) {
        int begin = 0;
        for (int i = 0; i < number; begin++) {
            i += index.token(begin) == CorpusFormat.SEPARATOR ? 1 : 0;
        }
        int end = begin;
        while (index.token(end) != CorpusFormat.SEPARATOR) {
            end++;
        }
        int[] result = new int[end - begin];
        for (int i = begin; i < end; i++) {
            result[i - begin] = index.token(i);
        }
        return result;
    }
}
