package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ContinuationLossTest {
    private static final String STORIES =
            "../models/src/main/resources/META-INF/slipstream/models/stories260k";

    @Test
    void judgesOnlyWhatStandsBehindThePrompts() {
        long seed = 29;
        Random random = new Random(seed);
        try (AutoregressiveGenerator open =
                Models.open(STORIES, LoadOptions.defaults().withPrecision(Precision.FP32))) {
            DecoderModel judge = open.model().decoder();
            ContinuationLoss loss = new ContinuationLoss(judge);
            double expected = 0;
            int tokens = 0;
            for (int i = 0; i < 4; i++) {
                int[] prompt = random.ints(1 + random.nextInt(20), 3, 500).toArray();
                int[] text = random.ints(random.nextInt(30), 3, 500).toArray();
                loss.add(prompt, text);
                expected += oneByOne(judge, prompt, text);
                tokens += text.length;
            }
            assertThat(loss.tokens()).isEqualTo(tokens);
            assertThat(loss.natsPerToken()).isCloseTo(expected / tokens, within(1e-4));
        }
    }

    @Test
    void judgesNoMoreThanTheContextHolds() {
        try (AutoregressiveGenerator open =
                Models.open(
                        STORIES,
                        LoadOptions.defaults()
                                .withPrecision(Precision.FP32)
                                .withContextLength(16))) {
            ContinuationLoss loss = new ContinuationLoss(open.model().decoder());
            loss.add(new int[] {5, 6, 7}, new int[40]);
            assertThat(loss.tokens()).isEqualTo(13);
            assertThatThrownBy(() -> loss.add(new int[0], new int[1]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("prompt: expected a token");
        }
    }

    @Test
    void countsDifferentRunsWithinTexts() {
        List<int[]> texts = List.of(new int[] {1, 2, 1, 2}, new int[] {2, 1}, new int[] {3});
        assertThat(DistinctNgrams.share(texts, 1)).isEqualTo(3.0 / 7);
        assertThat(DistinctNgrams.share(texts, 2)).isEqualTo(2.0 / 4);
        assertThat(DistinctNgrams.share(texts, 4)).isEqualTo(1);
        assertThat(DistinctNgrams.share(texts, 5)).isZero();
    }

    /** The definition: each token by the logits that stand before it, read one by one. */
    private static double oneByOne(DecoderModel judge, int[] prompt, int[] text) {
        double nats = 0;
        try (DecoderSession session = judge.newSession()) {
            FloatBuffer logits = session.forward(prompt, LogitRows.LAST).last();
            for (int token : text) {
                double sum = 0;
                for (int i = 0; i < judge.vocabularySize(); i++) {
                    sum += Math.exp(logits.get(i));
                }
                nats += Math.log(sum) - logits.get(token);
                logits = session.forward(new int[] {token}, LogitRows.LAST).last();
            }
        }
        return nats;
    }
}
