package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.decode.draft.DraftLengthRule;
import dev.slipstream.schedule.BatchOptions;
import dev.slipstream.schedule.BatchingGenerator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One way to draft on one model: that its texts are those of plain decoding, token by token, alone
 * and among others.
 */
record ExactDrafts(
        TestedDrafter drafter, DraftLengthRule length, String model, Precision precision) {
    private static final int TOKENS = 48;
    private static final int AT_ONCE = 8;

    ExactDrafts {
        model = drafter.modelInPlaceOf(model);
    }

    /** What was drafted for the compared texts. */
    record Drafted(int texts, int proposed, int accepted) {
        static final Drafted NOTHING = new Drafted(0, 0, 0);

        Drafted plus(Drafted other) {
            return new Drafted(
                    texts + other.texts, proposed + other.proposed, accepted + other.accepted);
        }

        private Drafted plus(Statistics.Work work) {
            return plus(new Drafted(1, work.draftedTokens(), work.acceptedTokens()));
        }
    }

    private record Request(Prompt prompt, GenerationOptions options) {}

    /**
     * Compares the texts of some prompts: of all of them greedy ones of 48 tokens, alone; of each
     * second one also seeded ones, which may end before; and eight at a time, one of the two kinds
     * of each prompt.
     *
     * @param corpus a text file for the drafters that quote
     */
    Drafted compare(List<String> prompts, PlainTexts plain, Path corpus) {
        Drafted drafted = Drafted.NOTHING;
        AutoregressiveGenerator generator = drafter.open(model, precision, length, corpus, AT_ONCE);
        BatchOptions together = BatchOptions.defaults().withRequests(AT_ONCE, prompts.size());
        try (BatchingGenerator batch = new BatchingGenerator(generator, together)) {
            List<Request> greedy = greedy(generator, prompts);
            List<Request> seeded = seeded(greedy);
            List<Request> alone = new ArrayList<>(greedy);
            List<Request> among = new ArrayList<>();
            for (int i = 0; i < prompts.size(); i++) {
                if (i % 2 == 0) {
                    alone.add(seeded.get(i));
                }
                among.add(i % 2 == 0 ? greedy.get(i) : seeded.get(i));
            }
            for (Request request : alone) {
                Generation text = generator.generate(request.prompt, request.options);
                check("alone", request, text, plain);
                drafted = drafted.plus(text.statistics().work());
            }
            List<TokenStream> streams = new ArrayList<>();
            for (Request request : among) {
                streams.add(batch.stream(request.prompt, request.options));
            }
            for (int i = 0; i < streams.size(); i++) {
                try (TokenStream stream = streams.get(i)) {
                    Generation text = stream.readAll();
                    check("among others", among.get(i), text, plain);
                    drafted = drafted.plus(text.statistics().work());
                }
            }
        }
        return drafted;
    }

    private static List<Request> greedy(TextGenerator generator, List<String> prompts) {
        GenerationOptions options =
                GenerationOptions.builder().maxTokens(TOKENS).ignoreEndOfText(true).build();
        return prompts.stream()
                .map(text -> new Request(fitting(generator, text), options))
                .toList();
    }

    private static List<Request> seeded(List<Request> greedy) {
        List<Request> requests = new ArrayList<>();
        for (Request request : greedy) {
            GenerationOptions options =
                    GenerationOptions.builder()
                            .maxTokens(TOKENS)
                            .temperature(0.8)
                            .topP(0.95)
                            .seed((long) requests.size())
                            .build();
            requests.add(new Request(request.prompt, options));
        }
        return requests;
    }

    /** Cuts a text so that the answer still fits behind it. */
    private static Prompt fitting(TextGenerator generator, String text) {
        int room = generator.contextLength() - TOKENS;
        int characters = Math.min(text.codePointCount(0, text.length()), 4 * room);
        Prompt prompt = generator.prompt(start(text, characters));
        while (prompt.length() > room) {
            characters = Math.min(characters - 1, characters * room / prompt.length());
            prompt = generator.prompt(start(text, characters));
        }
        return prompt;
    }

    private static String start(String text, int characters) {
        return text.substring(0, text.offsetByCodePoints(0, characters));
    }

    private void check(String where, Request request, Generation found, PlainTexts plain) {
        Generation expected = plain.of(model, precision, request.prompt, request.options);
        assertThat(ids(found))
                .as("%s, %s, %s, %s", this, where, request.options, request.prompt)
                .isEqualTo(ids(expected));
        assertThat(found.text()).isEqualTo(expected.text());
        assertThat(found.finishReason()).isEqualTo(expected.finishReason());
    }

    private static List<Integer> ids(Generation text) {
        return text.tokens().stream().map(Token::id).toList();
    }
}
