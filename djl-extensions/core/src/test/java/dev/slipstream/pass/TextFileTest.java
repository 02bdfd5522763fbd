package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFileTest {
    private static final String TEXT = "Once upon a time… 🐉\nthe end\n";

    @TempDir Path directory;

    @Test
    void readsPlainText() throws IOException {
        assertThat(TextFile.read(Files.writeString(directory.resolve("a.txt"), TEXT)))
                .isEqualTo(TEXT);
    }

    @Test
    void readsPackedTextWhateverItsName() throws IOException {
        assertThat(TextFile.read(Files.write(directory.resolve("a.txt"), packed())))
                .isEqualTo(TEXT);
        assertThat(TextFile.read(Files.write(directory.resolve("a.txt.gz"), packed())))
                .isEqualTo(TEXT);
    }

    @Test
    void leavesTheByteOrderMarkOff() throws IOException {
        assertThat(read(("\uFEFF" + TEXT).getBytes(StandardCharsets.UTF_8))).isEqualTo(TEXT);
    }

    @Test
    void endsLinesWithALineFeed() throws IOException {
        assertThat(read("one\r\ntwo\r\n\r\nthree\n".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("one\ntwo\n\nthree\n");
    }

    @Test
    void readsNothingFromAnEmptyFile() throws IOException {
        assertThat(read(new byte[0])).isEmpty();
        assertThat(read(new byte[] {'x'})).isEqualTo("x");
    }

    @Test
    void refusesOtherEncodings() {
        assertThatThrownBy(() -> read("été".getBytes(StandardCharsets.ISO_8859_1)))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "source: expected UTF-8 text, found other bytes at offset 0; convert it"
                                + " first");
    }

    @Test
    void refusesACharacterThatIsCutOff() {
        byte[] bytes = TEXT.getBytes(StandardCharsets.UTF_8);
        int dragon = TEXT.substring(0, TEXT.indexOf("🐉")).getBytes(StandardCharsets.UTF_8).length;

        assertThatThrownBy(() -> read(Arrays.copyOf(bytes, dragon + 2)))
                .hasMessageContaining("offset " + dragon);
    }

    @Test
    void refusesAPackedFileThatIsCutOff() throws IOException {
        byte[] packed = packed();

        assertThatThrownBy(() -> read(Arrays.copyOf(packed, packed.length - 12)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("source: expected a whole gzip file");
    }

    private static String read(byte[] bytes) throws IOException {
        return TextFile.read("source", new ByteArrayInputStream(bytes));
    }

    private static byte[] packed() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(TEXT.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }
}
