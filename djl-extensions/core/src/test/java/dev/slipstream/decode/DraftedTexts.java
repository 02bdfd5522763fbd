package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Texts of one model with and without drafts, and that they are the same. */
final class DraftedTexts {
    static final String EMBEDDED = "../models/src/main/resources/META-INF/slipstream/models/";
    private static final int TOKENS = 48;
    private static final int MOST_DRAFTED = 8;
    static final GenerationOptions GREEDY =
            GenerationOptions.builder().maxTokens(TOKENS).ignoreEndOfText(true).build();

    private DraftedTexts() {}

    /**
     * Each drafter with each number of tokens: the plain text, in as many runs as it should take.
     */
    static void agrees(AutoregressiveGenerator model, Prompt prompt, GenerationOptions options) {
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

    /** Drafts that are right, whole and in part, under options that may end the text early. */
    static void agreesWhereItIsRight(
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

    static ScriptedDrafting perfect(Prompt prompt, Generation plain) {
        return new ScriptedDrafting(ScriptedDrafting.perfect(known(prompt, plain)));
    }

    static Generation drafted(
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
    static AutoregressiveGenerator generator(
            AutoregressiveGenerator model, Drafting drafting, int k) {
        return new AutoregressiveGenerator(
                model.model(), new Speculation(drafting, ScriptedDrafting.length(k)));
    }

    /** Every token came from the prompt's run, from a draft, or from a verification's own row. */
    static void consistent(Generation generation) {
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

    static void isPlain(Generation drafted, Generation plain) {
        assertThat(ids(drafted.tokens())).isEqualTo(ids(plain.tokens()));
        assertThat(drafted.text()).isEqualTo(plain.text());
        assertThat(drafted.finishReason()).isEqualTo(plain.finishReason());
        for (int i = 0; i < plain.tokens().size(); i++) {
            Token found = drafted.tokens().get(i);
            Token wanted = plain.tokens().get(i);
            assertThat(found.text()).isEqualTo(wanted.text());
            if (wanted.logProbability() == null) {
                assertThat(found.logProbability()).isNull();
            } else {
                assertThat(found.logProbability()).isCloseTo(wanted.logProbability(), within(1e-4));
            }
            assertThat(found.alternatives()).hasSameSizeAs(wanted.alternatives());
            for (int j = 0; j < wanted.alternatives().size(); j++) {
                Token.Alternative other = found.alternatives().get(j);
                assertThat(other.id()).isEqualTo(wanted.alternatives().get(j).id());
                assertThat(other.logProbability())
                        .isCloseTo(wanted.alternatives().get(j).logProbability(), within(1e-4));
            }
        }
    }

    static int[] known(Prompt prompt, Generation plain) {
        return IntStream.concat(
                        Arrays.stream(prompt.ids()), plain.tokens().stream().mapToInt(Token::id))
                .toArray();
    }

    static List<Integer> ids(List<Token> tokens) {
        return tokens.stream().map(Token::id).toList();
    }

    static AutoregressiveGenerator open(String location, int context) {
        return Models.open(
                location,
                LoadOptions.defaults().withPrecision(Precision.FP32).withContextLength(context));
    }
}
