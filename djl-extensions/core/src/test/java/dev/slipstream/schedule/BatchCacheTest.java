package dev.slipstream.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Requests of a batch that begin alike read the beginning once, and write what they would alone.
 */
@Timeout(60)
class BatchCacheTest {
    private static final String STORIES =
            "../models/src/main/resources/META-INF/slipstream/models/stories260k";
    private static final GenerationOptions OPTIONS =
            GenerationOptions.builder().maxTokens(20).ignoreEndOfText(true).build();

    @Test
    void laterRequestsBeginWhereEarlierOnesWere() {
        Prompt prompt = BatchModels.prompt("a", 100, 512, new Random(9));
        LanguageModel model = Models.open(STORIES, LoadOptions.defaults()).model();
        PrefixCache cache = new PrefixCache(model.decoder(), 8 << 20);
        try (BatchingGenerator batch =
                new BatchingGenerator(
                        new AutoregressiveGenerator(model, null, cache), BatchOptions.defaults())) {
            Generation miss = batch.generate(prompt, OPTIONS);
            assertThat(miss.statistics().work().cachedTokens()).isZero();
            List<TokenStream> streams = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                streams.add(batch.stream(prompt, OPTIONS));
            }
            for (TokenStream stream : streams) {
                Generation hit = stream.readAll();
                assertThat(hit.text()).isEqualTo(miss.text()).isEqualTo(alone(prompt));
                assertThat(hit.statistics().work().cachedTokens()).isEqualTo(99);
            }
            assertThat(cache.statistics().tokensSaved()).isEqualTo(6 * 99);
        }
    }

    private static String alone(Prompt prompt) {
        LoadOptions plain = LoadOptions.defaults().withCache(CacheOptions.NONE);
        try (AutoregressiveGenerator generator = Models.open(STORIES, plain)) {
            return generator.generate(prompt, OPTIONS).text();
        }
    }
}
