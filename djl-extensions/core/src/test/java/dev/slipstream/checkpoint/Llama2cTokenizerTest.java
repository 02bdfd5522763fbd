package dev.slipstream.checkpoint;

import static dev.slipstream.checkpoint.SafeTensorsTest.refused;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Llama2cTokenizerTest {
    private static final String STORIES = "stories260k/tok512.bin";
    private static final String BABY = "babyllama105/tok105.bin";

    private static final List<String> TEXTS =
            List.of(
                    "",
                    " ",
                    "  ",
                    "          ",
                    "a",
                    " a",
                    "\n",
                    "\n\n\n",
                    "\t",
                    "Once upon a time, there was a little girl named Lily.",
                    "trailing space ",
                    "two  spaces   three    four",
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "the the thethethe the",
                    "hahahahahaha",
                    "Grüße, señor! naïve café — “quoted” … €5",
                    "日本語のテキスト",
                    "emoji 👩‍👩‍👧‍👦 and 🇫🇷, 𝄞",
                    "<unk> <0x41> <0x0A>",
                    "line one\nline two\r\nline three",
                    "e\u0301 combining, \u00a0 and \u200a spaces, \ufffd");

    @ParameterizedTest
    @ValueSource(strings = {STORIES, BABY})
    void encodesAndDecodesAsLlama2cDoes(String file) throws IOException {
        byte[] data = resource(file);
        try (HuggingFaceTokenizer tokenizer = open(data)) {
            PlainLlama2cTokenizer plain = new PlainLlama2cTokenizer(data);
            for (String text : TEXTS) {
                assertEqual(tokenizer, plain, text, "given");
            }
            String stories =
                    new String(
                            resource("stories260k/golden-greedy-256.txt"), StandardCharsets.UTF_8);
            assertEqual(tokenizer, plain, stories, "golden");
            for (int i = 0; i < plain.size(); i++) {
                String piece = plain.piece(i);
                if (i != 1 && i != 2) {
                    assertEqual(tokenizer, plain, piece, "piece " + i);
                    assertEqual(tokenizer, plain, "x" + piece + piece, "pieces " + i);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {STORIES, BABY})
    void encodesAndDecodesRandomTextsAsLlama2cDoes(String file) throws IOException {
        byte[] data = resource(file);
        long seed = 260;
        Random random = new Random(seed);
        try (HuggingFaceTokenizer tokenizer = open(data)) {
            PlainLlama2cTokenizer plain = new PlainLlama2cTokenizer(data);
            for (int i = 0; i < 300; i++) {
                String text = randomText(random, plain);
                // These name special tokens, to Hugging Face's tokenizers alone.
                text = text.replace("<s>", "").replace("</s>", "");
                assertEqual(tokenizer, plain, text, "seed %d, text %d".formatted(seed, i));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {STORIES, BABY})
    void decodesRandomIdsAsLlama2cDoes(String file) throws IOException {
        byte[] data = resource(file);
        long seed = 105;
        Random random = new Random(seed);
        try (HuggingFaceTokenizer tokenizer = open(data)) {
            PlainLlama2cTokenizer plain = new PlainLlama2cTokenizer(data);
            int firstText = plain.size() > 259 ? 259 : 3;
            for (int i = 0; i < 1000; i++) {
                List<Integer> ids = new ArrayList<>(List.of(1));
                random.ints(random.nextInt(12), firstText, plain.size()).forEach(ids::add);
                assertThat(decode(tokenizer, ids))
                        .as("seed %d, ids %s", seed, ids)
                        .isEqualTo(plain.decode(ids));
            }
        }
    }

    @Test
    void saysNewlineByTheUnknownIdWhereThereAreNoBytes() throws IOException {
        try (HuggingFaceTokenizer tokenizer = open(resource(BABY))) {
            assertThat(encode(tokenizer, "a\nb")).contains(0).hasSize(5);
            assertThat(decode(tokenizer, encode(tokenizer, "a\nb"))).isEqualTo("a\nb");
            assertThat(encode(tokenizer, "漢")).endsWith(0);
        }
    }

    @Test
    void hidesSpecialTokensInText() throws IOException {
        try (HuggingFaceTokenizer tokenizer = open(resource(STORIES))) {
            List<Integer> ids = new ArrayList<>(encode(tokenizer, "Once"));
            ids.add(2);
            assertThat(ids.get(0)).isEqualTo(1);
            assertThat(decode(tokenizer, ids)).isEqualTo("Once");
        }
    }

    @Test
    void ranksMergesByScoreAndNotById() throws IOException {
        // By id "ab" came first and left "ab" + "c"; by score "bc" does.
        byte[] data =
                file(
                        piece(0, "<unk>"),
                        piece(0, "<s>"),
                        piece(0, "</s>"),
                        piece(-4, " "),
                        piece(-5, "a"),
                        piece(-6, "b"),
                        piece(-7, "c"),
                        piece(-2, "ab"),
                        piece(-1, "bc"),
                        piece(-3, "abc"));
        try (HuggingFaceTokenizer tokenizer = open(data)) {
            PlainLlama2cTokenizer plain = new PlainLlama2cTokenizer(data);
            assertThat(encode(tokenizer, "bc")).containsExactly(1, 3, 8);
            for (String text : List.of("abc", "ab", "abcabc", "aabcc", "cab", "a bc")) {
                assertEqual(tokenizer, plain, text, "by score");
            }
        }
    }

    @Test
    void refusesDamagedFiles() throws IOException {
        byte[] sound = resource(STORIES);
        refused(() -> convert(sound, 511), "tok.bin", "expected 511 pieces", "found 512");
        refused(() -> convert(sound, 513), "tok.bin", "expected 513 pieces", "found 512");
        for (int length = 0; length < sound.length; length += 7) {
            byte[] cut = Arrays.copyOf(sound, length);
            refused(() -> convert(cut, 512), "tok.bin: ", "expected");
        }
        byte[] begin = piece(0, "<s>");
        byte[] end = piece(0, "</s>");
        refused(
                () -> convert(file(begin, begin, end, piece(0, "x"), piece(1, "x")), 5),
                "expected different pieces, found \"x\" as id 3 and 4");
        refused(
                () -> convert(file(begin, begin, end, piece(Float.NaN, "x")), 4),
                "piece 3: expected a score");
        byte[] latin = piece(0, "?");
        latin[8] = (byte) 0xe9;
        refused(() -> convert(file(begin, begin, end, latin), 4), "piece 3: expected UTF-8");
        byte[] negative = piece(0, "");
        ByteBuffer.wrap(negative).order(ByteOrder.LITTLE_ENDIAN).putInt(4, -1);
        refused(() -> convert(file(begin, begin, end, negative), 4), "piece 3", "length -1");
    }

    private static void assertEqual(
            HuggingFaceTokenizer tokenizer, PlainLlama2cTokenizer plain, String text, String as) {
        List<Integer> ids = plain.encode(text);
        assertThat(encode(tokenizer, text)).as("%s: encode \"%s\"", as, text).isEqualTo(ids);
        assertThat(decode(tokenizer, ids))
                .as("%s: decode \"%s\"", as, text)
                .isEqualTo(plain.decode(ids));
    }

    private static String randomText(Random random, PlainLlama2cTokenizer plain) {
        StringBuilder text = new StringBuilder();
        int parts = random.nextInt(40);
        for (int i = 0; i < parts; i++) {
            switch (random.nextInt(6)) {
                case 0 -> text.append(" ".repeat(1 + random.nextInt(4)));
                case 1 -> text.append((char) ('a' + random.nextInt(26)));
                case 2 -> text.append((char) (' ' + random.nextInt(95)));
                case 3 -> text.append(plain.piece(3 + random.nextInt(plain.size() - 3)));
                case 4 -> {
                    int c = 1 + random.nextInt(0x10ffff);
                    boolean surrogate = c >= 0xd800 && c < 0xe000;
                    text.appendCodePoint(surrogate ? '\n' : c);
                }
                default -> {
                    int again = random.nextInt(text.length() + 1);
                    text.append(
                            text.codePoints()
                                    .skip(again)
                                    .limit(4)
                                    .collect(
                                            StringBuilder::new,
                                            StringBuilder::appendCodePoint,
                                            StringBuilder::append));
                }
            }
        }
        return text.toString();
    }

    private static List<Integer> encode(HuggingFaceTokenizer tokenizer, String text) {
        return Arrays.stream(tokenizer.encode(text).getIds())
                .mapToInt(Math::toIntExact)
                .boxed()
                .toList();
    }

    private static String decode(HuggingFaceTokenizer tokenizer, List<Integer> ids) {
        return tokenizer.decode(ids.stream().mapToLong(id -> id).toArray(), true);
    }

    private static HuggingFaceTokenizer open(byte[] data) throws IOException {
        int size = new PlainLlama2cTokenizer(data).size();
        String json = convert(data, size);
        return HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)),
                Map.of("truncation", "false", "padding", "false"));
    }

    private static String convert(byte[] data, int size) {
        return Llama2cTokenizer.toJson("tok.bin", ByteBuffer.wrap(data), size);
    }

    private static byte[] piece(float score, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(score)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    private static byte[] file(byte[]... pieces) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(new byte[4]);
        Arrays.stream(pieces).forEach(file::writeBytes);
        return file.toByteArray();
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in =
                Llama2cTokenizerTest.class.getClassLoader().getResourceAsStream(name)) {
            return in.readAllBytes();
        }
    }
}
