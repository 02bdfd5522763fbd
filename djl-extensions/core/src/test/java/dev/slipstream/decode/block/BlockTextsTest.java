package dev.slipstream.decode.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextDecoder;
import dev.slipstream.decode.TextRequest;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.evaluate.ResidentMemory;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import dev.slipstream.schedule.BatchOptions;
import dev.slipstream.schedule.BatchingGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Texts that a model writes by blocks: where they end, how they come, what they leave. */
@Timeout(300)
class BlockTextsTest {
    private static final int BLOCK = 8;
    private static final int CONTEXT = 96;

    private static final long SEED = 17;

    @TempDir static Path directory;

    private static final Map<BlockDiffusion.Alignment, LanguageModel> MODELS =
            new EnumMap<>(BlockDiffusion.Alignment.class);

    private final Prompt prompt = new Prompt("", new int[] {10, 20, 30, 12, 22});

    @BeforeAll
    static void openModels() throws IOException {
        for (BlockDiffusion.Alignment alignment : BlockDiffusion.Alignment.values()) {
            MODELS.put(alignment, BlockModels.open(files(alignment), CONTEXT, BLOCK));
        }
    }

    private static Path files(BlockDiffusion.Alignment alignment) throws IOException {
        Path files = directory.resolve(alignment.name());
        if (!Files.exists(files)) {
            BlockModels.write(Files.createDirectory(files), SEED, BLOCK, alignment);
        }
        return files;
    }

    @AfterAll
    static void closeModels() {
        MODELS.values().forEach(LanguageModel::close);
    }

    private static BlockDecoding method(BlockDiffusion.Alignment alignment) {
        // Random models are sure of little: some predictions are kept early, most are not.
        return BlockDecoding.of(MODELS.get(alignment).decoder())
                .withUnmasking(new ConfidenceUnmasking(0.3));
    }

    /** Shares the model; what it owns besides needs no closing. */
    private static AutoregressiveGenerator generator(BlockDecoding method) {
        LanguageModel model = MODELS.get(method.diffusion().alignment());
        return new AutoregressiveGenerator(model, method);
    }

    private static List<Integer> ids(Generation generation) {
        return generation.tokens().stream().map(Token::id).toList();
    }

    /** NBDiff proof 4: a block of one place is plain decoding, token for token. */
    @Test
    void nbdiffWithBlocksOfOneIsPlainDecoding() {
        long seed = new Random().nextLong();
        System.out.println("blocks of one: seed " + seed);
        Random random = new Random(seed);
        BlockDecoding single =
                method(BlockDiffusion.Alignment.SHIFTED).withBorders(new FixedBlocks(1));
        AutoregressiveGenerator plain = new AutoregressiveGenerator(MODELS.get(shifted()));
        for (int i = 0; i < 40; i++) {
            Prompt some = new Prompt("", random.ints(1 + random.nextInt(90), 2, 64).toArray());
            GenerationOptions.Builder options =
                    GenerationOptions.builder()
                            .maxTokens(random.nextInt(40))
                            .ignoreEndOfText(random.nextBoolean());
            if (random.nextBoolean()) {
                options.temperature(1).topK(20).seed(random.nextLong());
            }
            if (random.nextBoolean()) {
                options.repetitionPenalty(1.3).frequencyPenalty(0.2);
            }
            // What the block decoder rules out by itself.
            GenerationOptions unmasked =
                    options.logitBias(Map.of(BlockModels.MASK, -10_000.0)).build();
            Generation expected = plain.generate(some, unmasked);
            Generation found =
                    generator(single).generate(some, options.logitBias(Map.of()).build());
            assertThat(ids(found)).as("seed %d", seed).isEqualTo(ids(expected));
            assertThat(found.text()).isEqualTo(expected.text());
            assertThat(found.finishReason()).isEqualTo(expected.finishReason());
            assertThat(found.statistics().graphRuns()).isEqualTo(expected.statistics().graphRuns());
        }
    }

    private static BlockDiffusion.Alignment shifted() {
        return BlockDiffusion.Alignment.SHIFTED;
    }

    @ParameterizedTest
    @EnumSource
    void asManyTokensComeAsAreAskedFor(BlockDiffusion.Alignment alignment) {
        List<Integer> longest = List.of();
        for (int count = 0; count <= 2 * BLOCK + 3; count++) {
            Generation found =
                    generator(method(alignment)).generate(prompt, BlockModels.greedy(count));
            assertThat(found.tokens()).hasSize(count);
            assertThat(found.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(found.statistics().generatedTokens()).isEqualTo(count);
            // Whole blocks do not depend on what follows.
            int whole = longest.size() / BLOCK * BLOCK;
            assertThat(ids(found).subList(0, whole)).isEqualTo(longest.subList(0, whole));
            longest = ids(found);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFullContextEndsTheText(BlockDiffusion.Alignment alignment) {
        for (int length = CONTEXT - BLOCK - 2; length < CONTEXT; length++) {
            Prompt filling = new Prompt("", new Random(length).ints(length, 2, 64).toArray());
            int room = CONTEXT - length;
            // The last token of a plain text needs no place.
            int expected = alignment == shifted() ? room + 1 : room;
            for (boolean verify : new boolean[] {false, true}) {
                BlockDecoding method =
                        verify
                                ? method(alignment)
                                        .withVerification(SelfVerification.parse("policy=always"))
                                : method(alignment);
                Generation found =
                        generator(method).generate(filling, BlockModels.greedy(2 * CONTEXT));
                assertThat(found.tokens()).as("prompt of %d", length).hasSize(expected);
                assertThat(found.finishReason()).isEqualTo(FinishReason.LENGTH);
            }
        }
    }

    /** At every place of the text, of blocks and across them. */
    @ParameterizedTest
    @EnumSource
    void stopsEndTheTextWhereTheyStand(BlockDiffusion.Alignment alignment) {
        AutoregressiveGenerator generator = generator(method(alignment));
        GenerationOptions options = BlockModels.greedy(4 * BLOCK);
        Generation whole = generator.generate(prompt, options);
        for (int at = 0; at < 4 * BLOCK; at++) {
            int id = ids(whole).get(at);
            Generation stopped =
                    generator.generate(prompt, options.toBuilder().stopTokens(Set.of(id)).build());
            assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
            assertThat(ids(stopped)).isEqualTo(ids(whole).subList(0, ids(whole).indexOf(id)));
        }
        for (int at = 0; at + 6 < whole.text().length(); at++) {
            String stop = whole.text().substring(at, at + 1 + at % 6);
            if (stop.indexOf('\uFFFD') >= 0) {
                continue;
            }
            Generation stopped =
                    generator.generate(
                            prompt, options.toBuilder().stopStrings(List.of(stop)).build());
            assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP_STRING);
            assertThat(stopped.text())
                    .isEqualTo(whole.text().substring(0, whole.text().indexOf(stop)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void piecesJoinedAreTheText(BlockDiffusion.Alignment alignment) {
        AutoregressiveGenerator generator = generator(method(alignment));
        GenerationOptions options =
                BlockModels.greedy(60).toBuilder().temperature(1).seed(3L).build();
        Generation whole = generator.generate(prompt, options);
        StringBuilder text = new StringBuilder();
        List<Integer> ids = new ArrayList<>();
        try (TokenStream stream = generator.stream(prompt, options)) {
            while (stream.hasNext()) {
                TextChunk chunk = stream.next();
                text.append(chunk.text());
                chunk.tokens().forEach(token -> ids.add(token.id()));
            }
            assertThat(stream.statistics().work().blocks())
                    .isEqualTo(whole.statistics().work().blocks());
        }
        assertThat(text).hasToString(whole.text());
        assertThat(ids).isEqualTo(ids(whole));
        assertThat(whole.statistics().work().blocks().runs() + 1)
                .isEqualTo(whole.statistics().graphRuns());
        Generation other = generator.generate(prompt, options.toBuilder().seed(4L).build());
        assertThat(ids(other)).isNotEqualTo(ids);
    }

    /** S2D2 proof 3: a policy that never verifies is no verification. */
    @ParameterizedTest
    @EnumSource
    void s2d2ThatNeverVerifiesIsPlainBlockDecoding(BlockDiffusion.Alignment alignment) {
        for (double temperature : new double[] {0, 1}) {
            GenerationOptions options =
                    BlockModels.greedy(40).toBuilder().temperature(temperature).seed(9L).build();
            Generation never =
                    generator(
                                    method(alignment)
                                            .withVerification(
                                                    SelfVerification.parse("policy=never")))
                            .generate(prompt, options);
            Generation without = generator(method(alignment)).generate(prompt, options);
            assertThat(ids(never)).isEqualTo(ids(without));
            assertThat(never.statistics().work().blocks())
                    .isEqualTo(without.statistics().work().blocks());
        }
    }

    /** S2D2 proof 3: a block of one place has nothing to verify, or is its own verification. */
    @ParameterizedTest
    @EnumSource
    void s2d2WithBlocksOfOneIsDecodingOfSingleTokens(BlockDiffusion.Alignment alignment) {
        BlockDecoding single = method(alignment).withBorders(new FixedBlocks(1));
        Generation without = generator(single).generate(prompt, BlockModels.greedy(30));
        Generation verified =
                generator(single.withVerification(SelfVerification.parse("policy=always")))
                        .generate(prompt, BlockModels.greedy(30));
        assertThat(ids(verified)).isEqualTo(ids(without));
    }

    /** A shifted model that verifies each step by its likeliest token decodes plainly. */
    @Test
    void s2d2ThatAlwaysVerifiesByTheLikeliestWritesThePlainText() {
        GenerationOptions options = BlockModels.greedy(60);
        Generation plain =
                new AutoregressiveGenerator(MODELS.get(shifted()))
                        .generate(
                                prompt,
                                options.toBuilder()
                                        .logitBias(Map.of(BlockModels.MASK, -10_000.0))
                                        .build());
        for (int size = 1; size <= BLOCK; size++) {
            BlockDecoding verifying =
                    method(shifted())
                            .withBorders(new FixedBlocks(size))
                            .withVerification(
                                    SelfVerification.parse("policy=always,rule=likeliest"));
            Generation found = generator(verifying).generate(prompt, options);
            assertThat(ids(found)).as("blocks of %d", size).isEqualTo(ids(plain));
        }
    }

    /** AdaBlock proof 1, with the window that fixed blocks have too. */
    @ParameterizedTest
    @EnumSource
    void adaBlockWithoutDelimitersWritesTheTextOfFixedBlocks(BlockDiffusion.Alignment alignment) {
        AdaBlock borders =
                new AdaBlock(BLOCK, Set.of(3), Double.POSITIVE_INFINITY, WindowRule.GENERATED);
        Generation adaptive =
                generator(method(alignment).withBorders(borders))
                        .generate(prompt, BlockModels.greedy(45));
        Generation fixed = generator(method(alignment)).generate(prompt, BlockModels.greedy(45));
        assertThat(ids(adaptive)).isEqualTo(ids(fixed));
        assertThat(adaptive.statistics().work().blocks())
                .isEqualTo(fixed.statistics().work().blocks());
    }

    /** FlashBlock proof 2 in the loop: attention that is kept in each run is not another one. */
    @ParameterizedTest
    @EnumSource
    void flashBlockThatNeverReusesWritesTheSameText(BlockDiffusion.Alignment alignment) {
        GenerationOptions options = BlockModels.greedy(60);
        Generation computed = generator(method(alignment)).generate(prompt, options);
        Generation kept =
                generator(method(alignment).withContextReuse(new ContextReuse(0, 1)))
                        .generate(prompt, options);
        assertThat(ids(kept)).isEqualTo(ids(computed));
        assertThat(kept.statistics().work().blocks().keptContexts())
                .isEqualTo(kept.statistics().work().blocks().denoisingRuns());
        Generation reused =
                generator(method(alignment).withContextReuse(new ContextReuse(0, BLOCK)))
                        .generate(prompt, options);
        assertThat(reused.tokens()).hasSize(60);
        assertThat(reused.statistics().work().blocks().reusedContexts()).isPositive();
    }

    @Test
    void requestsThatShareRunsWriteWhatTheyWriteAlone() throws IOException {
        for (BlockDiffusion.Alignment alignment : BlockDiffusion.Alignment.values()) {
            long seed = new Random().nextLong();
            System.out.println("batched blocks, " + alignment + ": seed " + seed);
            Random random = new Random(seed);
            LanguageModel model = BlockModels.open(files(alignment), CONTEXT, BLOCK);
            BlockDecoding method =
                    BlockDecoding.of(model.decoder())
                            .withUnmasking(new ConfidenceUnmasking(0.3))
                            .withContextReuse(new ContextReuse(20))
                            .withVerification(SelfVerification.parse("policy=span:4"));
            BatchOptions options = BatchOptions.defaults().withRequests(6, 100);
            try (BatchingGenerator batch =
                    new BatchingGenerator(new AutoregressiveGenerator(model, method), options)) {
                List<Prompt> prompts = new ArrayList<>();
                List<GenerationOptions> asked = new ArrayList<>();
                List<TokenStream> streams = new ArrayList<>();
                for (int i = 0; i < 40; i++) {
                    prompts.add(
                            new Prompt("", random.ints(1 + random.nextInt(40), 2, 64).toArray()));
                    asked.add(
                            GenerationOptions.builder()
                                    .maxTokens(random.nextInt(40))
                                    .temperature(random.nextInt(2))
                                    .seed(random.nextLong())
                                    .build());
                    streams.add(batch.stream(prompts.get(i), asked.get(i)));
                }
                for (int i = 0; i < streams.size(); i++) {
                    Generation shared = streams.get(i).readAll();
                    Generation alone =
                            new AutoregressiveGenerator(model, method)
                                    .generate(prompts.get(i), asked.get(i));
                    assertThat(ids(shared)).as("seed %d", seed).isEqualTo(ids(alone));
                    assertThat(shared.text()).isEqualTo(alone.text());
                    assertThat(shared.finishReason()).isEqualTo(alone.finishReason());
                    assertThat(shared.statistics().work().blocks())
                            .isEqualTo(alone.statistics().work().blocks());
                    streams.get(i).close();
                }
                assertThat(batch.keyValueBytes()).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledTextIsABeginning(BlockDiffusion.Alignment alignment) {
        AutoregressiveGenerator generator = generator(method(alignment));
        GenerationOptions options = BlockModels.greedy(80);
        Generation whole = generator.generate(prompt, options);
        try (TokenStream stream = generator.stream(prompt, options)) {
            StringBuilder text = new StringBuilder(stream.next().text());
            text.append(stream.next().text());
            stream.cancel();
            while (stream.hasNext()) {
                text.append(stream.next().text());
            }
            assertThat(stream.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(whole.text()).startsWith(text);
        }
        Generation late =
                generator.generate(
                        prompt, options.toBuilder().deadline(Duration.ofNanos(1)).build());
        assertThat(late.finishReason()).isEqualTo(FinishReason.DEADLINE);
        assertThat(late.tokens()).isEmpty();
    }

    /** An end from outside, in each run in turn: the session holds no mask, nothing is added. */
    @ParameterizedTest
    @EnumSource
    void nothingIsAddedAfterTheEnd(BlockDiffusion.Alignment alignment) {
        BlockDecoding method =
                method(alignment).withVerification(SelfVerification.parse("policy=span:4"));
        LanguageModel model = MODELS.get(alignment);
        GenerationOptions options = BlockModels.greedy(20);
        for (int last = 0; ; last++) {
            try (DecoderSession session = model.decoder().newSession(CONTEXT);
                    TextDecoder decoder =
                            method.open(new TextRequest(model, prompt, options, session, null))) {
                for (int run = 0; run < last && decoder.finishReason() == null; run++) {
                    step(decoder, decoder.next(2, 0));
                }
                if (decoder.finishReason() != null) {
                    assertThat(last).isGreaterThan(5);
                    return;
                }
                int before = decoder.generated();
                Turn turn = decoder.next(2, 0);
                decoder.end(FinishReason.CANCELLED);
                step(decoder, turn);
                assertThat(decoder.generated()).isEqualTo(before);
                assertThat(decoder.finishReason()).isEqualTo(FinishReason.CANCELLED);
                assertThat(session.tokens()).doesNotContain(BlockModels.MASK);
                assertThat(session.exactLength()).isEqualTo(session.length());
            }
        }
    }

    private static void step(TextDecoder decoder, Turn turn) {
        Logits logits = turn.session().model().forward(turn);
        decoder.take(logits, 1);
    }

    /** What is remembered changes no text; what was run and not taken is not remembered. */
    @Test
    void aPrefixCacheKeepsPromptsAndStoredBlocks() {
        LanguageModel model = MODELS.get(shifted());
        Prompt first = new Prompt("", new Random(1).ints(40, 2, 64).toArray());
        GenerationOptions options = BlockModels.greedy(2 * BLOCK);
        BlockDecoding method = method(shifted());
        Generation expected = generator(method).generate(first, options);
        try (PrefixCache cache = new PrefixCache(model.decoder(), 1 << 24)) {
            AutoregressiveGenerator caching = new AutoregressiveGenerator(model, method, cache);
            try (DecoderSession session = model.decoder().newSession(CONTEXT)) {
                try (TextDecoder decoder =
                        method.open(new TextRequest(model, first, options, session, cache))) {
                    step(decoder, decoder.next(100, 0));
                    Turn denoising = decoder.next(100, 0);
                    session.model().forward(denoising);
                    assertThat(session.length()).isEqualTo(40 + BLOCK);
                }
            }
            try (DecoderSession session = model.decoder().newSession(CONTEXT)) {
                int[] ids = Arrays.copyOf(first.ids(), 40 + BLOCK);
                ids[40] = expected.tokens().get(0).id();
                Arrays.fill(ids, 41, ids.length, BlockModels.MASK);
                assertThat(cache.restore(session, ids, ids.length)).isLessThanOrEqualTo(41);
            }
            Generation again = caching.generate(first, options);
            assertThat(ids(again)).isEqualTo(ids(expected));
            assertThat(again.statistics().work().cachedTokens()).isPositive();
            // The first block was stored, so the next turn of a chat finds it.
            int[] next = Arrays.copyOf(first.ids(), 40 + BLOCK + 1);
            for (int i = 0; i < BLOCK; i++) {
                next[40 + i] = ids(expected).get(i);
            }
            Generation more = caching.generate(new Prompt("", next), options);
            assertThat(more.statistics().work().cachedTokens()).isEqualTo(40 + BLOCK);
        }
    }

    @Test
    void whatAModelCannotDoIsRefused() {
        BlockDecoding shifted = method(shifted());
        assertThatThrownBy(() -> shifted.withStoring(Storing.WHOLE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("storing: expected CAUSAL");
        assertThatThrownBy(() -> shifted.withDenoisingSteps(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("denoising steps");
        assertThatThrownBy(
                        () ->
                                new BlockDecoding(
                                        shifted.decoder(),
                                        new BlockDiffusion(2, 1 << 20, shifted()),
                                        shifted.borders(),
                                        shifted.unmasking(),
                                        0,
                                        Storing.CAUSAL,
                                        null,
                                        null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("mask token: expected an id below");
        LanguageModel other = MODELS.get(BlockDiffusion.Alignment.ALIGNED);
        try (DecoderSession session = other.decoder().newSession()) {
            assertThatThrownBy(
                            () ->
                                    shifted.open(
                                            new TextRequest(
                                                    other,
                                                    prompt,
                                                    BlockModels.greedy(1),
                                                    session,
                                                    null)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected a session of the open model");
        }
    }

    @Test
    void contextIsNotReusedWithoutRoomForIt() throws IOException {
        try (LanguageModel narrow = BlockModels.open(files(shifted()), CONTEXT, BLOCK - 1)) {
            BlockDecoding method = BlockDecoding.of(narrow.decoder());
            assertThatThrownBy(() -> method.withContextReuse(new ContextReuse(0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("keptContextRows")
                    .hasMessageContaining("a block's 8 places");
        }
    }

    @Test
    @Tag("thorough")
    void aThousandTextsTakeNoMemory() {
        BlockDecoding method =
                method(shifted())
                        .withContextReuse(new ContextReuse(0))
                        .withVerification(SelfVerification.DEFAULT);
        Long before = null;
        for (int i = 0; i < 1100; i++) {
            GenerationOptions options =
                    BlockModels.greedy(40).toBuilder().temperature(i % 2).seed((long) i).build();
            assertThat(generator(method).generate(prompt, options).tokens()).hasSize(40);
            if (i == 100) {
                before = ResidentMemory.now();
            }
        }
        Long grown = ResidentMemory.growthSince(before);
        assertThat(grown == null ? 0 : grown).isLessThan(16L << 20);
    }
}
