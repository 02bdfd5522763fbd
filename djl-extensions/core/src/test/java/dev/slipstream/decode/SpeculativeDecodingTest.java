package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drafted texts are those of plain decoding, token for token, whatever the drafter does. */
@Timeout(300)
class SpeculativeDecodingTest {
    private static final String EMBEDDED =
            "../models/src/main/resources/META-INF/slipstream/models/";
    private static final int TOKENS = 48;
    private static final int MOST_DRAFTED = 8;
    private static final GenerationOptions GREEDY =
            GenerationOptions.builder()
                    .maxTokens(TOKENS)
                    .ignoreEndOfText(true)
                    .topLogProbabilities(3)
                    .build();

    private static AutoregressiveGenerator stories;
    private static AutoregressiveGenerator baby;

    @BeforeAll
    static void open() {
        stories = open(EMBEDDED + "stories260k", 0);
        baby = open(EMBEDDED + "babyllama105", 0);
    }

    @AfterAll
    static void close() {
        stories.close();
        baby.close();
    }

    /** Not the models themselves as arguments: JUnit closes its arguments. */
    private static AutoregressiveGenerator model(String name) {
        return name.equals("stories260k") ? stories : baby;
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260k", "babyllama105"})
    void greedyTextsAreThePlainOnes(String name) {
        AutoregressiveGenerator model = model(name);
        agrees(model, model.prompt("Once upon a time"), GREEDY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260k", "babyllama105"})
    void textsOfOneTokenPromptsAreThePlainOnes(String name) {
        AutoregressiveGenerator model = model(name);
        agrees(model, model.prompt(""), GREEDY.toBuilder().maxTokens(16).build());
    }

    static Stream<RandomModel> tinyTargets() {
        return LongStream.range(1, 5).mapToObj(SpeculativeDecodingTest::tinyTarget);
    }

    static Stream<RandomModel> manyTinyTargets() {
        return LongStream.range(100, 180).mapToObj(SpeculativeDecodingTest::tinyTarget);
    }

    private static RandomModel tinyTarget(long seed) {
        String[] architectures = {"Llama", "Mistral", "Qwen2", "Qwen3"};
        RandomModel model =
                new RandomModel(architectures[(int) (seed % 4)] + "ForCausalLM", seed)
                        .with("num_hidden_layers", "2");
        return seed % 4 == 1 ? model.with("sliding_window", "5") : model;
    }

    @ParameterizedTest
    @MethodSource("tinyTargets")
    void textsOfRandomTargetsAreThePlainOnes(RandomModel random, @TempDir Path directory)
            throws IOException {
        try (AutoregressiveGenerator model = open(random.write(directory).toString(), 0)) {
            agrees(model, new Prompt("", random.tokens(9)), GREEDY);
        }
    }

    /** Its keys and values move at every run and every cut. */
    @Test
    void textsOfAnExportedTargetAreThePlainOnes(@TempDir Path directory) throws IOException {
        RandomModel random = tinyTarget(4);
        Path checkpoint = random.write(directory.resolve("checkpoint"));
        Path exported = Files.createDirectories(directory.resolve("exported"));
        for (String file :
                new String[] {"config.json", "tokenizer.json", "tokenizer_config.json"}) {
            Files.copy(checkpoint.resolve(file), exported.resolve(file));
        }
        ExportedDecoder.write(checkpoint, exported.resolve("model.onnx"), Set.of());
        try (AutoregressiveGenerator model = open(exported.toString(), 0)) {
            agrees(model, new Prompt("", random.tokens(9)), GREEDY);
        }
    }

    @ParameterizedTest
    @MethodSource("manyTinyTargets")
    @Tag("thorough")
    void textsOfManyRandomTargetsAreThePlainOnes(RandomModel random, @TempDir Path directory)
            throws IOException {
        textsOfRandomTargetsAreThePlainOnes(random, directory);
    }

    /** The twelfth token becomes the model's end token, which the drafter foresees. */
    @Test
    void anEndTokenInsideADraftEndsTheText() {
        Prompt prompt = stories.prompt("Once upon a time");
        int[] known = known(prompt, stories.generate(prompt, GREEDY));
        LanguageModel whole = stories.model();
        AutoregressiveGenerator ending =
                new AutoregressiveGenerator(
                        new LanguageModel(
                                whole.name(),
                                whole.decoder(),
                                whole.tokenizer(),
                                whole.template(),
                                whole.defaults(),
                                whole.beginToken(),
                                Set.of(known[prompt.length() + 11])));
        GenerationOptions options = GREEDY.toBuilder().ignoreEndOfText(false).build();
        Generation plain = ending.generate(prompt, options);
        Generation drafted = drafted(ending, ScriptedDrafting.perfect(known), 8, prompt, options);
        isPlain(drafted, plain);
        assertThat(drafted.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
        Statistics.Work work = drafted.statistics().work();
        // The end token is itself an accepted one, so the last run has no token of its own.
        assertThat(drafted.statistics().generatedTokens())
                .isEqualTo(work.acceptedTokens() + work.verifications())
                .isGreaterThan(2);
    }

    /** Each drafter with each number of tokens. */
    private static void agrees(
            AutoregressiveGenerator model, Prompt prompt, GenerationOptions options) {
        Generation plain = model.generate(prompt, options);
        int[] known = known(prompt, plain);
        int vocabulary = model.vocabularySize();
        for (int k = 1; k <= MOST_DRAFTED; k++) {
            Generation wrong =
                    drafted(model, ScriptedDrafting.wrong(known, vocabulary), k, prompt, options);
            isPlain(wrong, plain);
            assertThat(wrong.statistics().work().acceptedTokens()).isZero();
            assertThat(wrong.statistics().graphRuns()).isEqualTo(plain.statistics().graphRuns());

            isPlain(
                    drafted(model, ScriptedDrafting.random(k, vocabulary), k, prompt, options),
                    plain);
            isPlain(
                    drafted(
                            model,
                            ScriptedDrafting.partly(known, k, vocabulary),
                            k,
                            prompt,
                            options),
                    plain);

            Generation perfect =
                    drafted(model, ScriptedDrafting.perfect(known), k, prompt, options);
            isPlain(perfect, plain);
            // One run for the prompt and its first token, then k + 1 tokens a run.
            assertThat(perfect.statistics().graphRuns())
                    .isEqualTo(1 + (plain.tokens().size() - 1 + k) / (k + 1));
            assertThat(perfect.statistics().work().acceptedTokens())
                    .isEqualTo(perfect.statistics().work().draftedTokens());
        }
    }

    static Stream<GenerationOptions> stops() {
        Generation plain = stories.generate(stories.prompt("Once upon a time"), GREEDY);
        List<GenerationOptions> stops = new ArrayList<>();
        for (int at = 0; at < 24; at += 2) {
            int id = plain.tokens().get(at).id();
            stops.add(GREEDY.toBuilder().stopTokens(Set.of(id)).build());
            stops.add(GREEDY.toBuilder().maxTokens(at).build());
            stops.add(
                    GREEDY.toBuilder()
                            .stopStrings(List.of(plain.text().substring(at, at + 1 + at % 7)))
                            .build());
        }
        return stops.stream();
    }

    @ParameterizedTest
    @MethodSource("stops")
    void stopRulesHoldInsideAnAcceptedRun(GenerationOptions options) {
        for (int k : new int[] {2, 8}) {
            agreesWhereItIsRight(stories, "Once upon a time", k, options);
        }
    }

    static Stream<GenerationOptions> knobs() {
        return Stream.of(
                GREEDY.toBuilder().repetitionPenalty(1.3).build(),
                GREEDY.toBuilder().presencePenalty(0.7).frequencyPenalty(0.4).build(),
                GREEDY.toBuilder().logitBias(Map.of(5, 2.0, 300, 4.0)).build(),
                GREEDY.toBuilder()
                        .temperature(0.9)
                        .topK(40)
                        .topP(0.95)
                        .minP(0.01)
                        .repetitionPenalty(1.1)
                        .build());
    }

    @ParameterizedTest
    @MethodSource("knobs")
    void knobsAndSeedsGiveThePlainText(GenerationOptions options) {
        for (long seed = 0; seed < 4; seed++) {
            agreesWhereItIsRight(
                    stories,
                    "Lily and Ben",
                    2 + 2 * (int) seed,
                    options.toBuilder().seed(seed).build());
        }
    }

    /** Partly right drafts by both rules: chosen tokens are judged alike. */
    private static void agreesWhereItIsRight(
            AutoregressiveGenerator model, String start, int k, GenerationOptions options) {
        Prompt prompt = model.prompt(start);
        Generation plain = model.generate(prompt, options);
        // The end token is not among the tokens: what comes without a stop has it in its place.
        Generation longer =
                model.generate(
                        prompt,
                        options.toBuilder()
                                .maxTokens(TOKENS)
                                .stopTokens(Set.of())
                                .stopStrings(List.of())
                                .ignoreEndOfText(true)
                                .build());
        int[] known = known(prompt, longer);
        isPlain(drafted(model, ScriptedDrafting.perfect(known), k, prompt, options), plain);
        isPlain(
                drafted(
                        model,
                        ScriptedDrafting.partly(known, k, model.vocabularySize()),
                        k,
                        prompt,
                        options),
                plain);
    }

    /** Every position ends a draft once: the last place, the one before it, and so on. */
    @ParameterizedTest
    @ValueSource(ints = {9, 10, 12, 16})
    void aFullContextEndsTheTextWhereItEndsThePlainOne(int context) {
        try (AutoregressiveGenerator model = open(EMBEDDED + "stories260k", context)) {
            Prompt prompt = model.prompt("Once upon");
            Generation plain = model.generate(prompt, GREEDY);
            assertThat(plain.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(plain.tokens()).hasSize(Math.min(TOKENS, context + 1 - prompt.length()));
            agrees(model, prompt, GREEDY);
        }
    }

    @Test
    void anAcceptedRunComesInOneChunk() {
        Prompt prompt = stories.prompt("Once upon a time");
        Generation plain = stories.generate(prompt, GREEDY);
        ScriptedDrafting drafting = perfect(prompt, plain);
        try (TokenStream stream = generator(stories, drafting, 4).stream(prompt, GREEDY)) {
            List<Integer> sizes = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            List<Token> tokens = new ArrayList<>();
            while (stream.hasNext()) {
                TextChunk chunk = stream.next();
                sizes.add(chunk.tokens().size());
                text.append(chunk.text());
                tokens.addAll(chunk.tokens());
            }
            assertThat(text).hasToString(plain.text());
            assertThat(ids(tokens)).isEqualTo(ids(plain.tokens()));
            assertThat(sizes).containsExactly(1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 2);
        }
        assertThat(drafting.closed).isEqualTo(1);
    }

    @Test
    void aDeadlineThatPassesInTheDrafterEndsTheText() {
        Duration deadline = Duration.ofMillis(60);
        cutShort(
                GREEDY.toBuilder().deadline(deadline).build(),
                FinishReason.DEADLINE,
                stream -> {
                    long start = System.nanoTime();
                    while (System.nanoTime() - start <= deadline.toNanos()) {
                        Thread.onSpinWait();
                    }
                });
    }

    @Test
    void aCancellationFromAnotherPlaceEndsTheText() {
        cutShort(GREEDY, FinishReason.CANCELLED, TokenStream::cancel);
    }

    @Test
    void aDrafterThatWasCancelledEndsTheText() {
        cutShort(
                GREEDY,
                FinishReason.CANCELLED,
                stream -> {
                    throw new CancellationException("the drafter's session was closed");
                });
    }

    private interface Interruption {
        void happen(TokenStream stream);
    }

    /** At the third draft. */
    private static void cutShort(
            GenerationOptions options, FinishReason reason, Interruption interruption) {
        Prompt prompt = stories.prompt("Once upon a time");
        Generation plain = stories.generate(prompt, GREEDY);
        ScriptedDrafting.Script perfect = ScriptedDrafting.perfect(known(prompt, plain));
        int[] rounds = {0};
        TokenStream[] stream = new TokenStream[1];
        ScriptedDrafting drafting =
                new ScriptedDrafting(
                        (text, tokens) -> {
                            if (++rounds[0] == 3) {
                                interruption.happen(stream[0]);
                            }
                            return perfect.propose(text, tokens);
                        });
        stream[0] = generator(stories, drafting, 4).stream(prompt, options);
        Generation cut;
        try (TokenStream open = stream[0]) {
            cut = open.readAll();
        }
        assertThat(cut.finishReason()).isEqualTo(reason);
        assertThat(rounds[0]).isLessThanOrEqualTo(3);
        assertThat(plain.text()).startsWith(cut.text());
        assertThat(ids(plain.tokens()).subList(0, cut.tokens().size()))
                .isEqualTo(ids(cut.tokens()));
        assertThat(cut.statistics().generatedTokens()).isEqualTo(cut.tokens().size());
        assertThat(drafting.closed).isEqualTo(1);
    }

    /** Prompts by pieces, and an end that comes while a run is under way. */
    @Test
    void nothingIsAddedAfterTheEnd() {
        Prompt prompt = stories.prompt("Once upon a time");
        Generation plain = stories.generate(prompt, GREEDY);
        Speculation speculation =
                new Speculation(perfect(prompt, plain), ScriptedDrafting.length(4));
        try (DecoderSession session = stories.model().decoder().newSession();
                SpeculativeDecoder decoder =
                        new SpeculativeDecoder(
                                stories.model(), prompt, GREEDY, session, speculation)) {
            int pieces = 0;
            for (; decoder.unreadPrompt() > 0; pieces++) {
                run(decoder, decoder.next(2, 0));
            }
            assertThat(pieces).isEqualTo((prompt.length() + 1) / 2);
            run(decoder, decoder.next(2, 0));
            assertThat(decoder.generated()).isEqualTo(6);

            Turn turn = decoder.next(2, 0);
            decoder.end(FinishReason.CANCELLED);
            run(decoder, turn);
            assertThat(decoder.generated()).isEqualTo(6);
            assertThat(decoder.finishReason()).isEqualTo(FinishReason.CANCELLED);
            TextChunk chunk = decoder.poll();
            assertThat(chunk).isNotNull();
            assertThat(ids(chunk.tokens())).isEqualTo(ids(plain.tokens()).subList(0, 6));
            assertThat(decoder.poll()).isNull();
            assertThat(session.length()).isEqualTo(prompt.length() + 5);
        }
    }

    private static void run(SpeculativeDecoder decoder, Turn turn) {
        Logits logits = turn.session().forward(turn.tokens(), turn.from(), turn.to(), turn.rows());
        decoder.verify(logits, 1);
    }

    @ParameterizedTest
    @EnumSource(AcceptanceRule.class)
    void draftersAreToldWhetherToDrawAndNotHowTheTargetDraws(AcceptanceRule rule) {
        Prompt prompt = stories.prompt("Once upon a time");
        ScriptedDrafting drafting = new ScriptedDrafting((text, tokens) -> new int[0]);
        Speculation speculation = new Speculation(drafting, ScriptedDrafting.length(2), rule);
        AutoregressiveGenerator drafted = new AutoregressiveGenerator(stories.model(), speculation);
        for (Long seed : new Long[] {7L, 7L, 8L, null}) {
            drafted.generate(
                    prompt, GREEDY.toBuilder().maxTokens(3).temperature(0.8).seed(seed).build());
        }
        assertThat(drafting.opened)
                .extracting(GenerationOptions::temperature)
                .containsOnly(rule == AcceptanceRule.RATIO_TEST ? 0.8 : 0.0);
        List<Long> seeds = new ArrayList<>();
        drafting.opened.forEach(options -> seeds.add(options.seed()));
        assertThat(seeds.get(0)).isEqualTo(seeds.get(1)).isNotIn(7L, seeds.get(2));
        assertThat(seeds.get(3)).isNull();
    }

    /** The target itself as drafter draws from p: but for rounding, all of it stays. */
    @Test
    void aDrafterThatDrawsAsTheTargetIsAcceptedWhole() {
        GenerationOptions options =
                GREEDY.toBuilder().temperature(1).topP(0.9).seed(3L).maxTokens(120).build();
        Speculation speculation =
                new Speculation(new TwinDrafting(stories.model()), ScriptedDrafting.length(5));
        Generation generation =
                new AutoregressiveGenerator(stories.model(), speculation)
                        .generate(stories.prompt("Once upon a time"), options);
        Statistics.Work work = generation.statistics().work();
        assertThat(work.draftedTokens()).isGreaterThan(90);
        assertThat(work.draftedTokens() - work.acceptedTokens()).isLessThanOrEqualTo(1);
        consistent(generation);
    }

    /**
     * The whole way through the runtime; {@link AcceptanceStatisticsTest} has the many drafters.
     */
    @ParameterizedTest
    @EnumSource(AcceptanceRule.class)
    @Tag("thorough")
    void pairsOfARealModelHaveItsDistribution(AcceptanceRule rule) {
        Prompt prompt = stories.prompt("Once upon a time there was");
        GenerationOptions options =
                GenerationOptions.builder()
                        .maxTokens(3)
                        .temperature(1.5)
                        .topK(6)
                        .ignoreEndOfText(true)
                        .build();
        // Draws from another distribution than the target's: its options are its own.
        Drafting drafting =
                new TwinDrafting(stories.model(), asked -> asked.toBuilder().topK(4).build());
        AutoregressiveGenerator drafted =
                new AutoregressiveGenerator(
                        stories.model(),
                        new Speculation(drafting, ScriptedDrafting.length(2), rule));
        int vocabulary = stories.vocabularySize();
        long[] counts = new long[vocabulary * vocabulary];
        for (long seed = 0; seed < 40_000; seed++) {
            List<Integer> ids =
                    ids(drafted.generate(prompt, options.toBuilder().seed(seed).build()).tokens());
            counts[ids.get(1) * vocabulary + ids.get(2)]++;
        }
        assertThat(ChiSquare.pValue(counts, lastTwo(prompt, options))).isGreaterThan(1e-7);
    }

    /** Of texts of three tokens, the last two: those that are drafted. */
    private static double[] lastTwo(Prompt prompt, GenerationOptions options) {
        int vocabulary = stories.vocabularySize();
        double[] pairs = new double[vocabulary * vocabulary];
        double[] first = next(prompt, options);
        for (int a = 0; a < vocabulary; a++) {
            double[] second = first[a] == 0 ? new double[0] : next(prompt, options, a);
            for (int b = 0; b < second.length; b++) {
                double[] third = second[b] == 0 ? new double[0] : next(prompt, options, a, b);
                for (int c = 0; c < third.length; c++) {
                    pairs[b * vocabulary + c] += first[a] * second[b] * third[c];
                }
            }
        }
        return pairs;
    }

    private static double[] next(Prompt prompt, GenerationOptions options, int... added) {
        int[] text = IntStream.concat(Arrays.stream(prompt.ids()), Arrays.stream(added)).toArray();
        try (DecoderSession session = stories.model().decoder().newSession()) {
            float[] row = new float[stories.vocabularySize()];
            session.forward(text, LogitRows.LAST).last().get(row);
            return PlainDistribution.of(options, row, prompt.ids(), added);
        }
    }

    private static ScriptedDrafting perfect(Prompt prompt, Generation plain) {
        return new ScriptedDrafting(ScriptedDrafting.perfect(known(prompt, plain)));
    }

    private static Generation drafted(
            AutoregressiveGenerator model,
            ScriptedDrafting.Script script,
            int k,
            Prompt prompt,
            GenerationOptions options) {
        ScriptedDrafting drafting = new ScriptedDrafting(script);
        Generation generation = generator(model, drafting, k).generate(prompt, options);
        assertThat(drafting.closed).isEqualTo(drafting.opened.size());
        consistent(generation);
        return generation;
    }

    /** Shares the model; what it owns besides needs no closing. */
    private static AutoregressiveGenerator generator(
            AutoregressiveGenerator model, Drafting drafting, int k) {
        return new AutoregressiveGenerator(
                model.model(), new Speculation(drafting, ScriptedDrafting.length(k)));
    }

    private static void consistent(Generation generation) {
        Statistics statistics = generation.statistics();
        Statistics.Work work = statistics.work();
        boolean endToken = generation.finishReason() == FinishReason.STOP_TOKEN;
        assertThat(statistics.generatedTokens())
                .isEqualTo(generation.tokens().size() + (endToken ? 1 : 0));
        assertThat(work.acceptedTokens()).isBetween(0, work.draftedTokens());
        if (statistics.generatedTokens() == 0) {
            assertThat(statistics.graphRuns()).isZero();
            return;
        }
        assertThat(statistics.graphRuns()).isEqualTo(1 + work.verifications());
        int counted = 1 + work.acceptedTokens() + work.verifications();
        if (generation.finishReason() == FinishReason.LENGTH) {
            assertThat(statistics.generatedTokens()).isEqualTo(counted);
        } else {
            // A text that ends on an accepted token gets no token of the last run's own.
            assertThat(statistics.generatedTokens()).isBetween(counted - 1, counted);
        }
    }

    private static void isPlain(Generation drafted, Generation plain) {
        assertThat(ids(drafted.tokens())).isEqualTo(ids(plain.tokens()));
        assertThat(drafted.text()).isEqualTo(plain.text());
        assertThat(drafted.finishReason()).isEqualTo(plain.finishReason());
        for (int i = 0; i < plain.tokens().size(); i++) {
            Token found = drafted.tokens().get(i);
            Token wanted = plain.tokens().get(i);
            assertThat(found.text()).isEqualTo(wanted.text());
            assertThat(found.logProbability()).isCloseTo(wanted.logProbability(), within(1e-4));
            for (int j = 0; j < wanted.alternatives().size(); j++) {
                Token.Alternative other = found.alternatives().get(j);
                assertThat(other.id()).isEqualTo(wanted.alternatives().get(j).id());
                assertThat(other.logProbability())
                        .isCloseTo(wanted.alternatives().get(j).logProbability(), within(1e-4));
            }
        }
    }

    private static int[] known(Prompt prompt, Generation plain) {
        return IntStream.concat(
                        Arrays.stream(prompt.ids()), plain.tokens().stream().mapToInt(Token::id))
                .toArray();
    }

    private static List<Integer> ids(List<Token> tokens) {
        return tokens.stream().map(Token::id).toList();
    }

    private static AutoregressiveGenerator open(String location, int context) {
        return Models.open(
                location,
                LoadOptions.defaults().withPrecision(Precision.FP32).withContextLength(context));
    }
}
