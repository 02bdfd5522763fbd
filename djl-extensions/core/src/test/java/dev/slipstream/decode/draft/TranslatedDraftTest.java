package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.decode.Tokenizer.SpecialTokens;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drafts through text: what the draft model writes, in the target's tokens. */
class TranslatedDraftTest {
    private static final List<String> STORIES =
            List.of(
                    "Once upon a time, there was a little girl named Lily. She loved to",
                    "Tim had a big red ball. One day, the ball rolled into the street. \"Oh no!\"",
                    "The cat and the dog were friends. They played",
                    "Sue was sad. She lost her toy. Her mom said, \"Don't cry,",
                    "One day, a bird saw a worm.\n\nThe bird wanted to");

    /** Encodes and decodes everything whole, with no session kept and no piece settled. */
    private static String plainDraft(LanguageModel draft, String text, int tokens) {
        int[] ids = draft.tokenizer().encode(text, SpecialTokens.ADD);
        try (DecoderSession session = draft.decoder().newSession()) {
            for (int i = 0; i < tokens; i++) {
                session.rollback(0);
                Logits logits = session.forward(ids, LogitRows.LAST);
                int best = 0;
                for (int id = 1; id < logits.vocabularySize(); id++) {
                    best = logits.last().get(id) > logits.last().get(best) ? id : best;
                }
                if (draft.endTokens().contains(best)) {
                    break;
                }
                ids = Arrays.copyOf(ids, ids.length + 1);
                ids[ids.length - 1] = best;
            }
        }
        return draft.tokenizer().decode(ids, 0, ids.length);
    }

    @ParameterizedTest
    @CsvSource({
        "babyllama105, stories260k",
        "stories260k, babyllama105",
        "storyteller-7m, stories260k",
        "stories260k, storyteller-7m"
    })
    void proposesTheTargetsTokensOfWhatTheDraftModelWrites(String target, String other)
            throws IOException {
        try (LanguageModel model = StoryModels.open(target, Precision.FP32);
                LanguageModel draft = StoryModels.open(other, Precision.FP32);
                DecoderSession session = model.decoder().newSession()) {
            TranslatedDraftModel drafting = new TranslatedDraftModel(draft, model);
            for (String story : STORIES) {
                int[] text = model.tokenizer().encode(story, SpecialTokens.ADD);
                try (Drafter drafter = drafting.open(session, GenerationOptions.greedy())) {
                    drafter.extend(text, 0, text.length);
                    Draft found = drafter.propose(new DraftLimit(6, 0));
                    String written = plainDraft(draft, story, 40);
                    assertThat(written).startsWith(story);
                    int[] whole = model.tokenizer().encode(written, SpecialTokens.ADD);
                    assertThat(found.tokens())
                            .as("%s -> %s", story, written)
                            .isNotEmpty()
                            .isEqualTo(
                                    Arrays.copyOfRange(
                                            whole, text.length, text.length + found.length()));
                    assertThat(found.distributions()).isNull();
                    assertThat(Arrays.stream(found.confidences())).allMatch(c -> c > 0 && c <= 1);
                }
            }
        }
    }

    @Test
    void waitsForTheRestOfACharacter() throws IOException {
        try (LanguageModel model = StoryModels.open("stories260k", Precision.FP32);
                LanguageModel draft = StoryModels.open("babyllama105", Precision.FP32);
                DecoderSession session = model.decoder().newSession();
                Drafter drafter =
                        new TranslatedDraftModel(draft, model)
                                .open(session, GenerationOptions.greedy())) {
            int[] text = model.tokenizer().encode("The cat saw 你 and", SpecialTokens.ADD);
            int[] prompt = model.tokenizer().encode("The cat saw", SpecialTokens.ADD);
            assertThat(text).startsWith(prompt);
            drafter.extend(text, 0, prompt.length);
            int incomplete = 0;
            for (int to = prompt.length + 1; to < text.length; to++) {
                drafter.extend(text, to - 1, to);
                if (model.tokenizer().decode(text, 0, to).contains("\uFFFD")) {
                    incomplete++;
                    assertThat(drafter.propose(new DraftLimit(4, 0)).tokens()).isEmpty();
                }
            }
            assertThat(incomplete).isEqualTo(2);
            drafter.extend(text, text.length - 1, text.length);
            assertThat(drafter.propose(new DraftLimit(4, 0)).tokens()).isNotEmpty();
        }
    }

    /** The text's tokens by pieces are those of the text at once, at every length. */
    @ParameterizedTest
    @ValueSource(strings = {"stories260k", "babyllama105", "storyteller-7m"})
    void tokensOfAGrowingTextAreThoseOfTheWhole(String name) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (LanguageModel model = StoryModels.open(name, Precision.FP32)) {
            Tokenizer tokenizer = model.tokenizer();
            for (int trial = 0; trial < 4; trial++) {
                GrowingTokens tokens = new GrowingTokens(tokenizer);
                StringBuilder text = new StringBuilder();
                while (text.length() < 1500) {
                    text.append(piece(random));
                    assertThat(tokens.of(text))
                            .as("seed %d, trial %d: %s", seed, trial, text)
                            .isEqualTo(tokenizer.encode(text.toString(), SpecialTokens.ADD));
                }
            }
        }
    }

    /** Words and parts of words, spaces now and then, seldom something else. */
    private static String piece(Random random) {
        String story = STORIES.get(random.nextInt(STORIES.size()));
        int from = random.nextInt(story.length());
        int to = Math.min(story.length(), from + 1 + random.nextInt(12));
        return switch (random.nextInt(12)) {
            case 0 -> "\n\n";
            case 1 -> "  ";
            case 2 -> "é你😀";
            default -> story.substring(from, to) + (random.nextInt(3) == 0 ? " " : "");
        };
    }
}
