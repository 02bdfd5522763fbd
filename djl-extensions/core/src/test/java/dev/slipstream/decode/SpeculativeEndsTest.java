package dev.slipstream.decode;

import static dev.slipstream.decode.DraftedTexts.EMBEDDED;
import static dev.slipstream.decode.DraftedTexts.GREEDY;
import static dev.slipstream.decode.DraftedTexts.agrees;
import static dev.slipstream.decode.DraftedTexts.agreesWhereItIsRight;
import static dev.slipstream.decode.DraftedTexts.drafted;
import static dev.slipstream.decode.DraftedTexts.generator;
import static dev.slipstream.decode.DraftedTexts.ids;
import static dev.slipstream.decode.DraftedTexts.isPlain;
import static dev.slipstream.decode.DraftedTexts.known;
import static dev.slipstream.decode.DraftedTexts.open;
import static dev.slipstream.decode.DraftedTexts.perfect;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drafted texts end where plain ones do, and whenever they are ended. */
@Timeout(300)
class SpeculativeEndsTest {
    private static AutoregressiveGenerator stories;

    @BeforeAll
    static void openStories() {
        stories = open(EMBEDDED + "stories260k", 0);
    }

    @AfterAll
    static void closeStories() {
        stories.close();
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

    /** Every position ends a draft once: the last place, the one before it, and so on. */
    @ParameterizedTest
    @ValueSource(ints = {9, 10, 12, 16})
    void aFullContextEndsTheTextWhereItEndsThePlainOne(int context) {
        try (AutoregressiveGenerator model = open(EMBEDDED + "stories260k", context)) {
            Prompt prompt = model.prompt("Once upon");
            Generation plain = model.generate(prompt, GREEDY);
            assertThat(plain.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(plain.tokens())
                    .hasSize(Math.min(GREEDY.maxTokens(), context + 1 - prompt.length()));
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
                                new TextRequest(stories.model(), prompt, GREEDY, session, null),
                                speculation)) {
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
        decoder.take(logits, 1);
    }
}
