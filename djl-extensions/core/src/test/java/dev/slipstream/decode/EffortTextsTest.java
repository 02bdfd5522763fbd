package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Texts of models with gates, against a loop of one token at a time. */
@Timeout(60)
class EffortTextsTest {
    private static final int TOKENS = 40;

    private static GenerationOptions options(EffortRequest effort) {
        return GenerationOptions.builder()
                .maxTokens(TOKENS)
                .ignoreEndOfText(true)
                .effort(effort)
                .build();
    }

    /** What a loop found. */
    private record Plain(List<Integer> ids, long skipped) {}

    /** The prompt at once without skipping, then one token at a time. */
    private static Plain loop(LanguageModel model, Prompt prompt, EffortLevels.Level level) {
        List<Integer> ids = new ArrayList<>();
        Effort full = level.effort().withoutSkipping();
        try (DecoderSession session = model.decoder().newSession()) {
            Logits logits = session.forward(prompt.ids(), 0, prompt.length(), LogitRows.LAST, full);
            long before = session.skippedSubLayers();
            ids.add(likeliest(logits.last()));
            while (ids.size() < TOKENS) {
                Effort effort = ids.size() <= level.warmUp() ? full : level.effort();
                int[] token = {ids.get(ids.size() - 1)};
                ids.add(likeliest(session.forward(token, 0, 1, LogitRows.ALL, effort).last()));
            }
            return new Plain(ids, session.skippedSubLayers() - before);
        }
    }

    private static int likeliest(FloatBuffer row) {
        return IntStream.range(0, row.remaining())
                .reduce((a, b) -> row.get(b) > row.get(a) ? b : a)
                .orElseThrow();
    }

    private static List<Integer> ids(Generation generation) {
        return generation.tokens().stream().map(Token::id).toList();
    }

    @ParameterizedTest
    @EnumSource
    void everyLevelDecodesAsTheLoop(GatedStories.Gates gates) throws IOException {
        try (AutoregressiveGenerator generator =
                new AutoregressiveGenerator(GatedStories.open(gates))) {
            LanguageModel model = generator.model();
            Prompt prompt = generator.prompt("Once upon a time");
            List<List<Integer>> texts = new ArrayList<>();
            for (EffortLevels.Level level : model.efforts().levels()) {
                Generation found =
                        generator.generate(prompt, options(EffortRequest.of(level.name())));
                Plain expected = loop(model, prompt, level);
                assertThat(ids(found)).as(level.name()).isEqualTo(expected.ids());
                Statistics.Work work = found.statistics().work();
                int gated =
                        model.decoder().gates().switched().size()
                                + (model.decoder().gates().skips() == null ? 0 : 3);
                assertThat(work.skippedSubLayers()).isEqualTo(expected.skipped());
                assertThat(work.gatedSubLayers()).isEqualTo((TOKENS - 1L) * gated);
                texts.add(expected.ids());
            }
            // Else nothing was shown: the gates left out too little to matter.
            assertThat(texts.subList(1, texts.size())).doesNotContain(texts.get(0));
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7", "39", "1000"})
    void theFirstTokensSkipNothing(int warmUp) throws IOException {
        try (AutoregressiveGenerator generator =
                new AutoregressiveGenerator(GatedStories.open(GatedStories.Gates.SKIPPING))) {
            Prompt prompt = generator.prompt("One day");
            EffortRequest request =
                    EffortRequest.NONE.withSkipThreshold(-1.0).withSkipWarmUp(warmUp);
            Generation found = generator.generate(prompt, options(request));
            EffortLevels.Level level = generator.model().efforts().choose(request);
            assertThat(ids(found)).isEqualTo(loop(generator.model(), prompt, level).ids());
            // Of three that may be skipped, one computed feed-forward sets off the next: 1 of 3.
            assertThat(found.statistics().work().skippedSubLayers())
                    .isEqualTo(Math.max(0, TOKENS - 1 - warmUp));
        }
    }

    /** Whatever is drafted, each token is verified as it would be decoded. */
    @ParameterizedTest
    @EnumSource(names = {"SKIPPING", "ELASTIC_SKIPPING", "SWITCHED"})
    void draftsChangeNoText(GatedStories.Gates gates) throws IOException {
        try (AutoregressiveGenerator generator =
                new AutoregressiveGenerator(GatedStories.open(gates))) {
            Prompt prompt = generator.prompt("Lily");
            GenerationOptions fast = options(EffortRequest.of("fast"));
            DraftedTexts.agrees(generator, prompt, fast);
        }
    }

    @Test
    void onlyExactTokensAreRemembered() throws IOException {
        LanguageModel model = GatedStories.open(GatedStories.Gates.SKIPPING);
        PrefixCache cache = new PrefixCache(model.decoder(), 8 << 20);
        try (AutoregressiveGenerator generator = new AutoregressiveGenerator(model, null, cache)) {
            Prompt prompt = generator.prompt("Once upon a time there was a");
            Generation best = plain(generator, prompt, "best");
            Generation fast = plain(generator, prompt, "fast");
            GenerationOptions skipping = options(EffortRequest.of("fast"));
            assertThat(ids(generator.generate(prompt, skipping))).isEqualTo(ids(fast));
            Generation again = generator.generate(prompt, skipping);
            assertThat(ids(again)).isEqualTo(ids(fast));
            assertThat(again.statistics().work().cachedTokens()).isEqualTo(prompt.length() - 1);
            // A prompt that goes on as the fast answer: only its warm-up is remembered.
            int[] longer =
                    IntStream.concat(
                                    IntStream.of(prompt.ids()),
                                    ids(fast).stream().mapToInt(id -> id))
                            .toArray();
            Prompt text = new Prompt("", longer);
            Generation next = generator.generate(text, options(EffortRequest.NONE));
            assertThat(next.statistics().work().cachedTokens())
                    .isEqualTo(prompt.length() + GatedStories.SKIPS.warmUp());
            assertThat(ids(next)).isEqualTo(ids(plain(generator, text, "best")));
            assertThat(ids(generator.generate(prompt, options(EffortRequest.NONE))))
                    .isEqualTo(ids(best));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ELASTIC", "SWITCHED"})
    void otherModelsTokensAreNeitherTakenNorKept(GatedStories.Gates gates) throws IOException {
        LanguageModel model = GatedStories.open(gates);
        PrefixCache cache = new PrefixCache(model.decoder(), 8 << 20);
        try (AutoregressiveGenerator generator = new AutoregressiveGenerator(model, null, cache)) {
            Prompt prompt = generator.prompt("Once upon a time there was a");
            GenerationOptions fast = options(EffortRequest.of("fast"));
            Generation expected = plain(generator, prompt, "fast");
            assertThat(ids(generator.generate(prompt, fast))).isEqualTo(ids(expected));
            assertThat(cache.statistics().bytes()).isZero();
            generator.generate(prompt, options(EffortRequest.NONE));
            assertThat(cache.statistics().bytes()).isPositive();
            Generation again = generator.generate(prompt, fast);
            assertThat(again.statistics().work().cachedTokens()).isZero();
            assertThat(ids(again)).isEqualTo(ids(expected));
        }
    }

    private static Generation plain(
            AutoregressiveGenerator generator, Prompt prompt, String level) {
        // Not closed: it does not own the model.
        return new AutoregressiveGenerator(generator.model())
                .generate(prompt, options(EffortRequest.of(level)));
    }

    @Test
    void unknownLevelsAreRefusedBeforeAnythingRuns() throws IOException {
        try (AutoregressiveGenerator generator =
                new AutoregressiveGenerator(GatedStories.open(GatedStories.Gates.NONE))) {
            Prompt prompt = generator.prompt("Once");
            assertThatThrownBy(
                            () -> generator.stream(prompt, options(EffortRequest.of("balanced"))))
                    .isInstanceOf(InvalidOptionException.class)
                    .hasMessageContaining("expected best, or nothing");
        }
    }

    /** What a session says of its tokens follows from turns, not from the model's mode. */
    @Test
    void verifiedRowsSkipByTheirIndex() throws IOException {
        try (LanguageModel model = GatedStories.open(GatedStories.Gates.SKIPPING);
                DecoderSession session = model.decoder().newSession()) {
            int[] tokens = {1, 5, 9, 13, 17};
            Effort effort =
                    model.efforts().choose(EffortRequest.NONE.withSkipThreshold(-1.0)).effort();
            Turn turn = new Turn(session, tokens, 0, 5, LogitRows.ALL, effort, 2);
            model.decoder().forward(List.of(turn), Depth.FULL);
            assertThat(session.skippedSubLayers()).isEqualTo(3);
            assertThat(session.exactLength()).isEqualTo(2);
        }
    }
}
