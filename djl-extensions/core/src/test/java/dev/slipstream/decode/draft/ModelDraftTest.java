package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SelfDraftShape;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLengths;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Speculation;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.decode.draft.SelfDraft.Part;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Drafts of models and of parts of models change no token of any text. */
class ModelDraftTest {
    private static final List<String> PROMPTS =
            List.of(
                    "Once upon a time",
                    "",
                    "Lily and Tom went to the par",
                    "\"Look, Mom!\" said Ben.\n\nHis mom",
                    "12 + 12 = ?? Zürich 你好 😀 ");

    private static final GenerationOptions GREEDY =
            GenerationOptions.builder().maxTokens(30).build();
    private static final GenerationOptions DRAWN =
            GREEDY.toBuilder()
                    .temperature(0.8)
                    .topK(40)
                    .topP(0.98)
                    .repetitionPenalty(1.1)
                    .ignoreEndOfText(true)
                    .seed(5L)
                    .build();

    private static Function<DecoderConfig, SelfDraftShape> slice(int width) {
        return config -> SelfDraftShape.slice(config, width);
    }

    private static Function<DecoderConfig, SelfDraftShape> skip(
            Set<Integer> attentions, Set<Integer> feedForwards) {
        return config -> SelfDraftShape.skip(config, attentions, feedForwards);
    }

    static Stream<Arguments> selfDrafts() {
        return Stream.of(DraftCache.values())
                .flatMap(
                        cache ->
                                Stream.of(
                                        Arguments.of(
                                                "storyteller-7m", Part.SLICE, cache, slice(96)),
                                        Arguments.of(
                                                "storyteller-7m",
                                                Part.LAYER_SKIP,
                                                cache,
                                                skip(Set.of(4, 5), Set.of(3, 5))),
                                        Arguments.of(
                                                "stories260k",
                                                Part.LAYER_SKIP,
                                                cache,
                                                skip(Set.of(2), Set.of(1, 3))),
                                        Arguments.of(
                                                "babyllama105",
                                                Part.LAYER_SKIP,
                                                cache,
                                                skip(Set.of(), Set.of(1, 2)))));
    }

    @ParameterizedTest
    @MethodSource("selfDrafts")
    void aPartOfTheModel(
            String name, Part part, DraftCache cache, Function<DecoderConfig, SelfDraftShape> shape)
            throws IOException {
        try (LanguageModel model = StoryModels.open(name, Precision.FP32, shape)) {
            check(model, new SelfDraft(part, cache, model.endTokens()));
        }
    }

    @Test
    void aModelWithTheSameTokenizer() throws IOException {
        try (LanguageModel model = StoryModels.open("storyteller-7m", Precision.FP32);
                Drafting drafting =
                        DraftModel.of(StoryModels.open("storyteller-7m", Precision.INT4), model)) {
            assertThat(drafting).isInstanceOf(DraftModel.class);
            check(model, drafting);
        }
    }

    static Stream<Arguments> pairs() {
        return Stream.of(
                Arguments.of("babyllama105", "stories260k"),
                Arguments.of("stories260k", "babyllama105"),
                Arguments.of("storyteller-7m", "stories260k"),
                Arguments.of("stories260k", "storyteller-7m"));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aModelWithAnotherTokenizer(String target, String draft) throws IOException {
        try (LanguageModel model = StoryModels.open(target, Precision.FP32);
                Drafting drafting = DraftModel.of(StoryModels.open(draft, Precision.FP32), model)) {
            assertThat(drafting).isInstanceOf(TranslatedDraftModel.class);
            check(model, drafting);
        }
    }

    private static void check(LanguageModel model, Drafting drafting) {
        int accepted = 0;
        for (int i = 0; i < PROMPTS.size(); i++) {
            accepted += compare(model, drafting, PROMPTS.get(i), i % 2 == 0 ? GREEDY : DRAWN);
        }
        assertThat(accepted).isGreaterThan(10);
    }

    /** Returns how many drafted tokens stayed in a text that is the plain one. */
    private static int compare(
            LanguageModel model, Drafting drafting, String prompt, GenerationOptions options) {
        Generation plain = generate(model, null, prompt, options);
        Generation drafted =
                generate(
                        model,
                        new Speculation(drafting, constant(new DraftLimit(5, 0.05))),
                        prompt,
                        options);
        assertThat(ids(drafted)).as("%s, %s", prompt, options).isEqualTo(ids(plain));
        assertThat(drafted.text()).isEqualTo(plain.text());
        assertThat(drafted.finishReason()).isEqualTo(plain.finishReason());
        return drafted.statistics().work().acceptedTokens();
    }

    /** The context of the draft model is full long before the target's. */
    @Test
    void upToTheEndOfTheContext() throws IOException {
        try (LanguageModel model =
                        StoryModels.open("stories260k", Precision.FP32, skip(Set.of(), Set.of(2)));
                Drafting other =
                        DraftModel.of(StoryModels.open("babyllama105", Precision.FP32), model)) {
            GenerationOptions options = DRAWN.toBuilder().maxTokens(600).seed(6L).build();
            for (DraftCache cache : DraftCache.values()) {
                SelfDraft self = new SelfDraft(Part.LAYER_SKIP, cache, Set.of());
                assertThat(compare(model, self, "One day", options)).isGreaterThan(100);
            }
            assertThat(compare(model, other, "One day", options)).isPositive();
        }
    }

    private static Generation generate(
            LanguageModel model,
            @Nullable Speculation speculation,
            String text,
            GenerationOptions options) {
        // Not closed: the model is the test's.
        AutoregressiveGenerator generator = new AutoregressiveGenerator(model, speculation);
        return generator.generate(generator.prompt(text), options);
    }

    private static List<Integer> ids(Generation text) {
        return text.tokens().stream().map(Token::id).toList();
    }

    private static DraftLengths constant(DraftLimit limit) {
        return () ->
                new DraftLength() {
                    @Override
                    public DraftLimit limit(int otherRows) {
                        return limit;
                    }

                    @Override
                    public void observe(DraftRound round) {
                        assertThat(round.draft().length()).isLessThanOrEqualTo(limit.tokens());
                    }
                };
    }

    /** A draft leaves no row of its own in the request's cache, nor any other token. */
    @ParameterizedTest
    @EnumSource(DraftCache.class)
    void leavesTheSessionAsItWas(DraftCache cache) throws IOException {
        try (LanguageModel model = StoryModels.open("storyteller-7m", Precision.FP32, slice(96));
                DecoderSession session = model.decoder().newSession();
                DecoderSession untouched = model.decoder().newSession();
                Drafter drafter =
                        new SelfDraft(Part.SLICE, cache, Set.of())
                                .open(session, GenerationOptions.greedy())) {
            int[] text = model.tokenizer().encode("Once upon a time", Tokenizer.SpecialTokens.ADD);
            int read = text.length - 1;
            session.forward(text, 0, read, LogitRows.LAST);
            untouched.forward(text, 0, read, LogitRows.LAST);
            drafter.extend(text, 0, text.length);
            Draft draft = drafter.propose(new DraftLimit(6, 0));
            assertThat(draft.length()).isEqualTo(6);
            assertThat(Arrays.stream(draft.confidences())).allMatch(c -> c > 0 && c <= 1);
            assertThat(drafter.propose(new DraftLimit(6, 0)).tokens()).isEqualTo(draft.tokens());
            assertThat(session.tokens()).isEqualTo(Arrays.copyOf(text, read));
            Logits found = session.forward(text, read, text.length, LogitRows.LAST);
            Logits expected = untouched.forward(text, read, text.length, LogitRows.LAST);
            assertThat(found.values()).isEqualTo(expected.values());
        }
    }

    /** Whether a draft goes on must not depend on the token that was drawn. */
    @Test
    void drawnDraftsHandOverWhatTheyWereDrawnFrom() throws IOException {
        try (LanguageModel model = StoryModels.open("stories260k", Precision.FP32);
                DraftModel drafting =
                        new DraftModel(StoryModels.open("stories260k", Precision.INT8), model);
                DecoderSession session = model.decoder().newSession()) {
            GenerationOptions options =
                    GenerationOptions.builder().temperature(1).topK(5).seed(3L).build();
            try (Drafter drafter = drafting.open(session, options);
                    Drafter again = drafting.open(session, options)) {
                int[] text = {1, 403, 407, 261, 378};
                drafter.extend(text, 0, text.length);
                again.extend(text, 0, text.length);
                Draft draft = drafter.propose(new DraftLimit(8, 0));
                double[][] distributions = draft.distributions();
                assertThat(distributions).isNotNull().hasNumberOfRows(8);
                for (int i = 0; i < 8; i++) {
                    double[] q = distributions[i];
                    assertThat(q).hasSize(model.decoder().vocabularySize());
                    assertThat(q[draft.tokens()[i]]).isPositive();
                    assertThat(Arrays.stream(q).filter(p -> p > 0).count()).isEqualTo(5);
                    assertThat(draft.confidences()[i])
                            .isEqualTo(Arrays.stream(q).max().orElseThrow());
                }
                assertThat(again.propose(new DraftLimit(8, 0)).tokens()).isEqualTo(draft.tokens());
            }
        }
    }

    @Test
    void stopsBeforeATokenThatItTrustsLess() throws IOException {
        try (LanguageModel model = StoryModels.open("stories260k", Precision.FP32);
                DraftModel drafting =
                        new DraftModel(StoryModels.open("stories260k", Precision.INT8), model);
                DecoderSession session = model.decoder().newSession();
                Drafter drafter = drafting.open(session, GenerationOptions.greedy())) {
            int[] text = model.tokenizer().encode("Once upon a", Tokenizer.SpecialTokens.ADD);
            drafter.extend(text, 0, text.length);
            Draft whole = drafter.propose(new DraftLimit(30, 0));
            double least = Arrays.stream(whole.confidences()).min().orElseThrow();
            Draft sure = drafter.propose(new DraftLimit(30, Math.nextUp(least)));
            assertThat(sure.length()).isLessThan(whole.length());
            assertThat(sure.tokens()).isEqualTo(Arrays.copyOf(whole.tokens(), sure.length()));
            assertThat(whole.confidences()[sure.length()]).isEqualTo(least);
        }
    }

    @Test
    void refusesADraftModelOfOtherTokens() throws IOException {
        try (LanguageModel model = StoryModels.open("stories260k", Precision.FP32);
                LanguageModel other = StoryModels.open("babyllama105", Precision.FP32)) {
            assertThatThrownBy(() -> new DraftModel(other, model))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("babyllama105")
                    .hasMessageContaining("another tokenizer: ids up to 104 and 511");
        }
    }

    @Test
    void refusesAModelWithoutAPartThatDrafts() throws IOException {
        try (LanguageModel model = StoryModels.open("stories260k", Precision.FP32);
                DecoderSession session = model.decoder().newSession()) {
            SelfDraft drafting = new SelfDraft(Part.SLICE, DraftCache.SHARED, Set.of());
            assertThat(drafting.name()).isEqualTo("slice");
            assertThatThrownBy(() -> drafting.open(session, GenerationOptions.greedy()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the input draft");
        }
    }
}
