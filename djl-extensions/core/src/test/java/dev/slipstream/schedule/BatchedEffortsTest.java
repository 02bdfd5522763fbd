package dev.slipstream.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.GatedStories;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Requests of all levels in one batch: each text, and what it skipped, is that of its run alone.
 */
@Timeout(60)
class BatchedEffortsTest {
    private static final List<String> LEVELS = List.of("fast", "best", "balanced", "fast");

    @ParameterizedTest
    @EnumSource(names = {"SKIPPING", "ELASTIC", "ELASTIC_SKIPPING"})
    void textsAreThoseOfTheRequestAlone(GatedStories.Gates gates) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (AutoregressiveGenerator alone = new AutoregressiveGenerator(GatedStories.open(gates));
                BatchingGenerator batch =
                        new BatchingGenerator(
                                new AutoregressiveGenerator(
                                        GatedStories.open(gates), ScriptedDrafting.speculation()),
                                BatchOptions.defaults().withRequests(4, 8))) {
            List<Prompt> prompts = new ArrayList<>();
            List<GenerationOptions> options = new ArrayList<>();
            List<TokenStream> streams = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                prompts.add(BatchModels.prompt("r" + i, 1 + random.nextInt(20), 512, random));
                EffortRequest effort = EffortRequest.of(LEVELS.get(i % LEVELS.size()));
                options.add(
                        GenerationOptions.builder()
                                .maxTokens(30)
                                .ignoreEndOfText(true)
                                .effort(effort)
                                .build());
                streams.add(batch.stream(prompts.get(i), options.get(i)));
            }
            for (int i = 0; i < streams.size(); i++) {
                Generation found = streams.get(i).readAll();
                Generation expected = alone.generate(prompts.get(i), options.get(i));
                assertThat(found.tokens().stream().map(Token::id).toList())
                        .as("request %d, %s, seed %d", i, gates, seed)
                        .isEqualTo(expected.tokens().stream().map(Token::id).toList());
                if (found.statistics().work().draftedTokens() == 0) {
                    assertThat(found.statistics().work().skippedSubLayers())
                            .isEqualTo(expected.statistics().work().skippedSubLayers());
                }
            }
        }
    }
}
