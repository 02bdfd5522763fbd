package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncrementalTextTest {
    private static final int[] NOTHING = {};
    private static final String MIXED =
            "Once upon a time 👩‍👩‍👧‍👦 lived 𝄞 in 日本語の国, cafe\u0301 Z\u0351\u0343algo"
                    + " \uFFFD\uFFFD 🏳️‍🌈é\r\n\t ünï \u0000 end 😀😀😀";

    /** Ids of the storyteller's tokenizer: 0 is special, 1 to 256 are single bytes. */
    private static final int STORYTELLER_IDS = 4_096;

    private static HuggingFaceTokenizer storyteller;
    private static HuggingFaceTokenizer llama;
    private static HuggingFaceTokenizer metaspace;

    @BeforeAll
    static void open() throws Exception {
        try (InputStream in =
                Objects.requireNonNull(
                        IncrementalTextTest.class.getResourceAsStream(
                                "/storyteller-tokenizer/tokenizer.json"))) {
            storyteller = HuggingFaceTokenizer.newInstance(in, Map.of());
        }
        llama = SentencePieceTokenizer.open(SentencePieceTokenizer.LLAMA_DECODER);
        metaspace = SentencePieceTokenizer.open(SentencePieceTokenizer.METASPACE_DECODER);
    }

    @AfterAll
    static void close() {
        storyteller.close();
        llama.close();
        metaspace.close();
    }

    @Test
    void byteLevelTextComesWholeAndWithoutDelay() {
        int[] ids = encode(storyteller, MIXED);
        assertThat(promptJoin(decoder(storyteller), ids)).isEqualTo(MIXED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "metaspace"})
    void sentencePieceTextComesWholeAndWithoutDelay(String name) {
        HuggingFaceTokenizer tokenizer = name.equals("llama") ? llama : metaspace;
        String text = "the hat  on\n" + MIXED;
        int[] ids = encode(tokenizer, text);
        assertThat(promptJoin(decoder(tokenizer), ids)).isEqualTo(text);
    }

    private static TokenDecoder decoder(HuggingFaceTokenizer tokenizer) {
        return (ids, from, to) ->
                tokenizer.decode(Arrays.stream(ids, from, to).asLongStream().toArray(), true);
    }

    /** Joins the pieces; checks after each token that nothing waits but an incomplete character. */
    private static String promptJoin(TokenDecoder decoder, int[] ids) {
        IncrementalText text = new IncrementalText(decoder, NOTHING);
        StringBuilder joined = new StringBuilder();
        for (int i = 0; i < ids.length; i++) {
            String piece = text.append(ids[i]);
            assertWholeCharacters(piece);
            joined.append(piece);
            String soFar = decoder.decode(ids, 0, i + 1);
            if (!soFar.endsWith("\uFFFD")) {
                assertThat(joined.toString()).isEqualTo(soFar);
            }
        }
        return joined.append(text.flush()).toString();
    }

    @Test
    void randomByteLevelIdsAgreeWithDecodingTheWhole() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        TokenDecoder decoder = decoder(storyteller);
        for (int trial = 0; trial < 1_500; trial++) {
            // From all words to bytes alone, with special tokens between them.
            int words = random.nextInt(5);
            IntUnaryOperator id =
                    i ->
                            random.nextInt(4) < words
                                    ? random.nextInt(STORYTELLER_IDS)
                                    : random.nextInt(257);
            int[] ids = IntStream.range(0, random.nextInt(60)).map(id).toArray();
            assertThat(join(decoder, NOTHING, ids))
                    .as("seed %d, trial %d: %s", seed, trial, Arrays.toString(ids))
                    .isEqualTo(decoder.decode(ids, 0, ids.length));
        }
    }

    /** Tokens of up to five random bytes, cut anywhere in characters, as merges may make them. */
    @Test
    void tokensThatCutCharactersAgreeWithDecodingTheWhole() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[] text = MIXED.getBytes(StandardCharsets.UTF_8);
        for (int trial = 0; trial < 5_000; trial++) {
            int broken = random.nextInt(3);
            byte[][] vocabulary = new byte[100][];
            for (int i = 0; i < vocabulary.length; i++) {
                int length = random.nextInt(6);
                int at = random.nextInt(text.length - length);
                vocabulary[i] = Arrays.copyOfRange(text, at, at + length);
                if (random.nextInt(4) < broken) {
                    random.nextBytes(vocabulary[i]);
                }
            }
            TokenDecoder decoder = bytes(vocabulary);
            int[] ids = random.ints(random.nextInt(80), 0, vocabulary.length).toArray();
            assertThat(join(decoder, NOTHING, ids))
                    .as("seed %d, trial %d", seed, trial)
                    .isEqualTo(decoder.decode(ids, 0, ids.length));
        }
    }

    @Test
    void longBrokenTextAgreesWithDecodingTheWhole() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int[] values = {0xE4, 0xBD, 0xA0, 0xF0, 0x9F, 0x98, 0x80, 0xFF};
        byte[][] vocabulary = new byte[values.length][];
        for (int i = 0; i < values.length; i++) {
            vocabulary[i] = new byte[] {(byte) values[i]};
        }
        TokenDecoder decoder = bytes(vocabulary);
        for (int trial = 0; trial < 300; trial++) {
            int[] ids = random.ints(300, 0, vocabulary.length).toArray();
            assertThat(join(decoder, NOTHING, ids))
                    .as("seed %d, trial %d", seed, trial)
                    .isEqualTo(decoder.decode(ids, 0, ids.length));
        }
    }

    @Test
    void tokensThatAlwaysEndInACharacterDelayNoMoreThanThat() {
        // The three bytes of 你, each token from its third byte to the next one's second.
        byte[][] vocabulary = {{(byte) 0xE4, (byte) 0xBD}, {(byte) 0xA0, (byte) 0xE4, (byte) 0xBD}};
        CountingDecoder decoder = new CountingDecoder(bytes(vocabulary));
        IncrementalText text = new IncrementalText(decoder, NOTHING);
        assertThat(text.append(0)).isEmpty();
        for (int i = 0; i < 1_000; i++) {
            assertThat(text.append(1)).isEqualTo("你");
        }
        assertThat(text.flush()).isEqualTo("\uFFFD");
        assertThat(decoder.tokens).isLessThan(25 * 1_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"storyteller", "llama", "metaspace"})
    void invalidBytesAreNotHeldForEver(String name) {
        boolean byteLevel = name.equals("storyteller");
        HuggingFaceTokenizer tokenizer =
                byteLevel ? storyteller : name.equals("llama") ? llama : metaspace;
        int invalid = byteLevel ? 1 + 0xFF : SentencePieceTokenizer.FIRST_BYTE + 0xFF;
        CountingDecoder decoder = new CountingDecoder(decoder(tokenizer));
        IncrementalText text = new IncrementalText(decoder, NOTHING);
        int sent = 0;
        for (int i = 1; i <= 1_000; i++) {
            sent += text.append(invalid).length();
            assertThat(sent).isBetween(i - 3, i);
        }
        assertThat(sent + text.flush().length()).isEqualTo(1_000);
        assertThat(decoder.tokens).isLessThan(25 * 1_000);
    }

    @Test
    void specialTokensCostNothingAndMayStandWithinACharacter() {
        CountingDecoder decoder = new CountingDecoder(decoder(storyteller));
        IncrementalText text = new IncrementalText(decoder, NOTHING);
        int[] smile = encode(storyteller, "😀");
        assertThat(smile.length).isGreaterThan(1);
        StringBuilder joined = new StringBuilder();
        for (int id : smile) {
            for (int i = 0; i < 300; i++) {
                assertThat(text.append(0)).isEmpty();
            }
            joined.append(text.append(id));
        }
        assertThat(joined.toString()).isEqualTo("😀");
        assertThat(decoder.tokens).isLessThan(10 * 300 * smile.length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "metaspace"})
    void randomSentencePieceIdsAgreeWithDecodingTheWhole(String name) {
        TokenDecoder decoder = decoder(name.equals("llama") ? llama : metaspace);
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 1_500; trial++) {
            int[] ids = sentencePieces(random, random.nextInt(60));
            assertThat(join(decoder, NOTHING, ids))
                    .as("seed %d, trial %d: %s", seed, trial, Arrays.toString(ids))
                    .isEqualTo(decoder.decode(ids, 0, ids.length));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "metaspace"})
    void continuesAContextWithItsSpace(String name) {
        TokenDecoder decoder = decoder(name.equals("llama") ? llama : metaspace);
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 1_500; trial++) {
            int[] all = sentencePieces(random, 2 + random.nextInt(60));
            int split = nextCharacter(all, random.nextInt(all.length));
            int[] context = Arrays.copyOf(all, split);
            int[] ids = Arrays.copyOfRange(all, split, all.length);
            String before = decoder.decode(context, 0, split);
            assertThat(before + join(decoder, context, ids))
                    .as("seed %d, trial %d: %d of %s", seed, trial, split, Arrays.toString(all))
                    .isEqualTo(decoder.decode(all, 0, all.length));
        }
        int[] the = encode(llama, "the the");
        assertThat(join(decoder, Arrays.copyOf(the, 1), new int[] {the[1]})).isEqualTo(" the");
        assertThat(join(decoder, NOTHING, new int[] {the[1]})).isEqualTo("the");
    }

    @Test
    void continuesAContextThatEndsInManyByteTokens() {
        TokenDecoder decoder = decoder(llama);
        int[] ids = encode(llama, "日本語の国のお姫様と👩‍👩‍👧‍👦a");
        String whole = decoder.decode(ids, 0, ids.length);
        for (int split = 1; split < ids.length; split++) {
            String before = decoder.decode(ids, 0, split);
            if (!before.contains("\uFFFD")) {
                int[] context = Arrays.copyOf(ids, split);
                int[] rest = Arrays.copyOfRange(ids, split, ids.length);
                assertThat(before + join(decoder, context, rest)).isEqualTo(whole);
            }
        }
    }

    @Test
    void continuesAContextThatEndsInManySpecialTokens() {
        int the = encode(llama, "the")[0];
        int[] context = new int[20];
        context[0] = the;
        assertThat(join(decoder(llama), context, new int[] {the})).isEqualTo(" the");
    }

    @Test
    void byteTokensCutShortKeepTheCharactersBefore() {
        int[] ids = encode(llama, "a日");
        int[] cut = Arrays.copyOf(ids, ids.length + 1);
        cut[ids.length] = SentencePieceTokenizer.FIRST_BYTE + 0xE6;
        assertThat(join(decoder(llama), NOTHING, cut)).isEqualTo("a日\uFFFD");

        int[] followed = Arrays.copyOf(cut, cut.length + 1);
        followed[cut.length] = encode(llama, "the")[0];
        assertThat(join(decoder(llama), NOTHING, followed)).isEqualTo("a日\uFFFD the");
    }

    /** Random ids: special ones, texts, and whole characters in bytes. */
    private static int[] sentencePieces(Random random, int count) {
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] =
                    random.nextInt(8) == 0
                            ? random.nextInt(SentencePieceTokenizer.FIRST_BYTE)
                            : SentencePieceTokenizer.FIRST_TEXT
                                    + random.nextInt(
                                            SentencePieceTokenizer.size()
                                                    - SentencePieceTokenizer.FIRST_TEXT);
            byte[] character =
                    new String[] {"语", "😀", "ß"}
                            [random.nextInt(3)].getBytes(StandardCharsets.UTF_8);
            if (random.nextInt(4) == 0 && i + character.length <= count) {
                for (byte b : character) {
                    ids[i++] = SentencePieceTokenizer.FIRST_BYTE + (b & 0xFF);
                }
                i--;
            }
        }
        return ids;
    }

    /** Returns the first place from one on where no character in byte tokens is cut. */
    private static int nextCharacter(int[] ids, int from) {
        int split = from;
        while (split < ids.length
                && (ids[split] - SentencePieceTokenizer.FIRST_BYTE & 0xFFFFFFC0) == 0x80) {
            split++;
        }
        return split;
    }

    private static String join(TokenDecoder decoder, int[] context, int[] ids) {
        IncrementalText text = new IncrementalText(decoder, context);
        StringBuilder joined = new StringBuilder();
        for (int id : ids) {
            String piece = text.append(id);
            assertWholeCharacters(piece);
            joined.append(piece);
        }
        return joined.append(text.flush()).toString();
    }

    private static void assertWholeCharacters(String piece) {
        assertThat(piece.codePoints().filter(c -> c >= 0xD800 && c <= 0xDFFF).count()).isZero();
    }

    private static int[] encode(HuggingFaceTokenizer tokenizer, String text) {
        long[] ids = tokenizer.encode(text, false, false).getIds();
        return Arrays.stream(ids).mapToInt(id -> (int) id).toArray();
    }

    private static TokenDecoder bytes(byte[][] vocabulary) {
        return (ids, from, to) -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int i = from; i < to; i++) {
                bytes.writeBytes(vocabulary[ids[i]]);
            }
            return bytes.toString(StandardCharsets.UTF_8);
        };
    }

    /** Counts the tokens that were decoded. */
    private static final class CountingDecoder implements TokenDecoder {
        private final TokenDecoder decoder;
        private long tokens;

        CountingDecoder(TokenDecoder decoder) {
            this.decoder = decoder;
        }

        @Override
        public String decode(int[] ids, int from, int to) {
            tokens += to - from;
            return decoder.decode(ids, from, to);
        }
    }
}
