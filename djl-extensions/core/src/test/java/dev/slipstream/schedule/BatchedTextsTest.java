package dev.slipstream.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Speculation;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A request's text is the same whoever else asks at the same time. */
@Timeout(120)
class BatchedTextsTest {
    private record Request(Prompt prompt, GenerationOptions options) {}

    private static final class Reading {
        final Request request;
        final TokenStream stream;
        final StringBuilder text = new StringBuilder();
        final List<Token> tokens = new ArrayList<>();

        Reading(Request request, TokenStream stream) {
            this.request = request;
            this.stream = stream;
        }

        /** Reads some pieces; returns false at the end. */
        boolean read(int pieces) {
            for (int i = 0; i < pieces; i++) {
                if (!stream.hasNext()) {
                    return false;
                }
                TextChunk chunk = stream.next();
                text.append(chunk.text());
                tokens.addAll(chunk.tokens());
            }
            return true;
        }
    }

    @ParameterizedTest
    @CsvSource({"stories260k, 100", "babyllama105, 30"})
    void areThoseOfTheRequestAlone(String model, int requests) {
        compare(model, null, requests);
    }

    @Test
    void areThoseOfTheRequestAloneWithDrafts() {
        compare("stories260k", ScriptedDrafting.speculation(), 100);
    }

    private static void compare(String model, Speculation speculation, int count) {
        long seed = new Random().nextLong();
        System.out.println("texts of " + model + ": seed " + seed);
        Random random = new Random(seed);
        BatchOptions options =
                BatchOptions.defaults()
                        .withRequests(1 + random.nextInt(8), count)
                        .withPrefillChunk(1 + random.nextInt(100));
        try (AutoregressiveGenerator alone = BatchModels.open(model);
                BatchingGenerator batch =
                        new BatchingGenerator(BatchModels.open(model, speculation), options)) {
            List<Reading> open = new ArrayList<>();
            for (int i = 0; i < count || !open.isEmpty(); ) {
                if (i < count && (open.isEmpty() || random.nextInt(4) == 0)) {
                    Request request = request("r" + i++, batch.vocabularySize(), random);
                    open.add(new Reading(request, batch.stream(request.prompt, request.options)));
                } else {
                    Reading reading = open.get(random.nextInt(open.size()));
                    if (!reading.read(1 + random.nextInt(8))) {
                        open.remove(reading);
                        assertSame(reading, alone, options + ", seed " + seed);
                    }
                }
            }
            assertThat(batch.active()).isZero();
            assertThat(batch.queued()).isZero();
            assertThat(batch.keyValueBytes()).isZero();
        }
    }

    private static Request request(String name, int vocabulary, Random random) {
        int length = random.nextInt(10) == 0 ? 200 : 1 + random.nextInt(30);
        return new Request(
                BatchModels.prompt(name, length, vocabulary, random),
                BatchModels.options(vocabulary, random));
    }

    private static void assertSame(Reading reading, AutoregressiveGenerator alone, String which) {
        String description = "%s of %s".formatted(reading.request, which);
        Generation expected = alone.generate(reading.request.prompt, reading.request.options);
        try (TokenStream stream = reading.stream) {
            assertThat(reading.text.toString()).as(description).isEqualTo(expected.text());
            assertThat(reading.tokens.stream().map(Token::id))
                    .as(description)
                    .containsExactlyElementsOf(expected.tokens().stream().map(Token::id).toList());
            assertThat(stream.finishReason()).as(description).isEqualTo(expected.finishReason());
            assertThat(stream.statistics().promptTokens())
                    .isEqualTo(expected.statistics().promptTokens());
            assertThat(stream.statistics().generatedTokens())
                    .isEqualTo(expected.statistics().generatedTokens());
            boolean ran = expected.statistics().graphRuns() > 0;
            assertThat(stream.statistics().graphRuns() > 0).isEqualTo(ran);
            assertThat(stream.statistics().elapsed())
                    .isGreaterThanOrEqualTo(stream.statistics().timeToFirstToken());
            assertThat(stream.statistics().timeToFirstToken())
                    .isGreaterThanOrEqualTo(ran ? stream.statistics().queued() : Duration.ZERO);
        }
    }
}
