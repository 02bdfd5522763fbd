package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A token's logits have the same bits however the tokens were grouped into runs: what every exact
 * acceleration stands on.
 */
class SameBitsTest {
    private static final int CONTEXT = 120;

    @TempDir Path directory;

    static Stream<Arguments> models() {
        return Stream.of(Precision.values())
                .flatMap(
                        precision ->
                                Stream.of(1, 2)
                                        .flatMap(
                                                threads ->
                                                        Stream.of(
                                                                        "LlamaForCausalLM",
                                                                        "MistralForCausalLM",
                                                                        "Qwen3ForCausalLM")
                                                                .map(
                                                                        kind ->
                                                                                Arguments.of(
                                                                                        precision,
                                                                                        threads,
                                                                                        kind))));
    }

    @ParameterizedTest
    @MethodSource("models")
    void oneByOneOrInPiecesOrAtOnce(Precision precision, int threads, String kind)
            throws IOException {
        long seed = new Random().nextLong();
        RandomModel drawn = new RandomModel(kind, 7);
        drawn.write(directory);
        Random random = new Random(seed);
        try (DecoderModel model = open(precision, threads)) {
            int[] tokens = random.ints(CONTEXT, 0, model.vocabularySize()).toArray();
            float[][] oneByOne = logits(model, tokens, new Random(0), 1);
            for (int most : new int[] {2, 3, 5, 17, CONTEXT}) {
                float[][] pieces = logits(model, tokens, random, most);
                for (int i = 0; i < CONTEXT; i++) {
                    assertThat(pieces[i])
                            .as("token %d, pieces up to %d, seed %d, %s", i, most, seed, drawn)
                            .isEqualTo(oneByOne[i]);
                }
            }
        }
    }

    private static float[][] logits(DecoderModel model, int[] tokens, Random random, int most) {
        float[][] rows = new float[tokens.length][model.vocabularySize()];
        try (DecoderSession session = model.newSession()) {
            while (session.length() < tokens.length) {
                int from = session.length();
                int to = Math.min(tokens.length, from + 1 + random.nextInt(most));
                Logits logits = session.forward(tokens, from, to, LogitRows.ALL);
                for (int i = from; i < to; i++) {
                    FloatBuffer row = logits.row(i - from);
                    row.get(0, rows[i]);
                }
            }
        }
        return rows;
    }

    private DecoderModel open(Precision precision, int threads) {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderModel.open(
                DecoderGraphs.write(
                        "tested",
                        DecoderConfig.read(files),
                        SafeTensors.read(files),
                        precision,
                        CONTEXT),
                CONTEXT,
                new RuntimeOptions(threads, Spinning.OFF, 1));
    }
}
