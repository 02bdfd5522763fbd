package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Speculation;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drafts change how soon a text comes, never the text. */
class DraftedTextsTest {
    static final String STORIES =
            "../models/src/main/resources/META-INF/slipstream/models/stories260k";
    static final String BABY =
            "../models/src/main/resources/META-INF/slipstream/models/babyllama105";

    private static final String PROMPT =
            "Once upon a time, there was a little girl named Lily. She had a red ball. "
                    + "Once upon a time, there was a little girl named Lily. She had a red ball. "
                    + "Once upon a time, there was a";

    private static final List<GenerationOptions> OPTIONS =
            List.of(options(0, 1, 0), options(0.8, 1, 7), options(1, 1.1, 8), options(0.3, 1, 9));

    @TempDir private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {STORIES, BABY})
    void aDraftedTextIsThePlainOne(String path) throws IOException {
        List<Generation> plain;
        Path index = directory.resolve("stories.corpus");
        try (AutoregressiveGenerator generator = new AutoregressiveGenerator(model(path))) {
            plain = generate(generator);
            Tokenizer tokenizer = generator.model().tokenizer();
            CorpusIndex.write(
                    index,
                    List.of(tokenizer.encode(plain.get(0).text(), Tokenizer.SpecialTokens.ADD)),
                    new CorpusOrigin(tokenizer.fingerprint(), ""));
        }
        assertSame(path, new PromptLookup(), plain);
        assertSame(path, new PromptLookup(1), plain);
        assertSame(path, corpus(path, index), plain);
        assertSame(path, new Chain(List.of(new PromptLookup(), corpus(path, index))), plain);
    }

    private static void assertSame(String path, Drafting drafting, List<Generation> plain) {
        Speculation speculation = new Speculation(drafting, Five::new);
        try (AutoregressiveGenerator generator =
                new AutoregressiveGenerator(model(path), speculation)) {
            List<Generation> drafted = generate(generator);
            for (int i = 0; i < plain.size(); i++) {
                assertThat(drafted.get(i).text()).isEqualTo(plain.get(i).text());
                assertThat(drafted.get(i).tokens().stream().map(Token::id))
                        .isEqualTo(plain.get(i).tokens().stream().map(Token::id).toList());
                assertThat(drafted.get(i).finishReason()).isEqualTo(plain.get(i).finishReason());
            }
            Generation greedy = drafted.get(0);
            assertThat(greedy.statistics().work().acceptedTokens()).isPositive();
            assertThat(greedy.statistics().graphRuns())
                    .isLessThan(plain.get(0).statistics().graphRuns());
        }
    }

    private static List<Generation> generate(AutoregressiveGenerator generator) {
        return OPTIONS.stream()
                .map(options -> generator.generate(generator.prompt(PROMPT), options))
                .toList();
    }

    private static Corpus corpus(String path, Path index) throws IOException {
        try (LanguageModel model = model(path)) {
            return new Corpus(CorpusIndex.open(index, model.tokenizer().fingerprint()));
        }
    }

    private static LanguageModel model(String path) {
        return Models.open(path, LoadOptions.defaults().withPrecision(Precision.FP32)).model();
    }

    private static GenerationOptions options(double temperature, double penalty, long seed) {
        return GenerationOptions.builder()
                .maxTokens(60)
                .temperature(temperature)
                .repetitionPenalty(penalty)
                .seed(seed)
                .ignoreEndOfText(true)
                .build();
    }

    /** Five tokens at a time. */
    private static final class Five implements DraftLength {
        @Override
        public DraftLimit limit(int otherRows) {
            return new DraftLimit(5, 0);
        }

        @Override
        public void observe(DraftRound round) {}
    }
}
