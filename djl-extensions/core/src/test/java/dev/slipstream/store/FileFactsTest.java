package dev.slipstream.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileFactsTest {
    @TempDir Path directory;

    private Path file;
    private int asked;

    @BeforeEach
    void aFileThatIsNotYoung() throws IOException {
        file = Files.writeString(directory.resolve("file"), "one");
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
    }

    private String text() throws IOException {
        return new FileFacts(directory.resolve("cache")).get(file, "text", this::read);
    }

    private String read() throws IOException {
        asked++;
        return Files.readString(file);
    }

    @Test
    void aFactIsFoundOutOnce() throws IOException {
        assertThat(text()).isEqualTo("one");
        assertThat(text()).isEqualTo("one");
        assertThat(asked).isEqualTo(1);
        String other = new FileFacts(directory.resolve("cache")).get(file, "other", () -> "a\nb");
        assertThat(other).isEqualTo("a\nb");
        assertThat(text()).isEqualTo("one");
        assertThat(asked).isEqualTo(1);
    }

    @Test
    void aChangedFileIsReadAgain() throws IOException {
        text();
        Files.writeString(file, "two");
        assertThat(text()).isEqualTo("two");
        // Too young to be trusted: it may change within a tick of the clock.
        assertThat(text()).isEqualTo("two");
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void soIsAnotherFileInItsPlace() throws IOException {
        text();
        Path other = Files.writeString(directory.resolve("other"), "two");
        Files.setLastModifiedTime(other, FileTime.fromMillis(1_000_000));
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(text()).isEqualTo("two");
    }

    @Test
    void withoutAPlaceToWriteItIsFoundOutEveryTime() throws IOException {
        FileFacts facts = new FileFacts(file);
        assertThat(facts.get(file, "text", this::read)).isEqualTo("one");
        assertThat(facts.get(file, "text", this::read)).isEqualTo("one");
        assertThat(asked).isEqualTo(2);
    }

    @Test
    void aResourceIsAFactOfTheJarAroundIt() throws IOException {
        for (String url :
                new String[] {
                    "file:" + file, "jar:file:" + file + "!/a/b", "jar:file:" + file + "!/a!/b"
                }) {
            assertThat(ContainingFile.of(URI.create(url).toURL())).as(url).isEqualTo(file);
        }
        assertThat(ContainingFile.of(String.class.getResource("String.class"))).isNull();
    }
}
