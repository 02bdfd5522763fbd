package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Quantised graphs against straight loops over rounded weights.
 *
 * <p>What is left between the two is that the graph rounds activations as well, to 8 bits in blocks
 * of 32. In normally distributed blocks that is an error of 0.5 % of the deviation (a 127th of the
 * largest of 32 values, divided by the square root of 12) in each product; those of up to four
 * layers add up like random numbers. Nibbles in the wrong order or a zero that is one step off
 * leave far more.
 */
class QuantizedAgainstOracleTest {
    private static final int CONTEXT = 64;

    /** Found 0.011 to 0.023. */
    private static final double MOST = 0.035;

    @TempDir Path directory;

    static Stream<RandomModel> models() {
        Stream<RandomModel> sizes =
                Stream.of("64", "96", "128")
                        .map(
                                hidden ->
                                        new RandomModel("LlamaForCausalLM", 30)
                                                .with("hidden_size", hidden)
                                                .with("intermediate_size", "172")
                                                .with("tie_word_embeddings", "true"));
        Stream<RandomModel> drawn =
                Stream.of("LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")
                        .flatMap(
                                architecture ->
                                        LongStream.range(40, 43)
                                                .mapToObj(
                                                        seed ->
                                                                new RandomModel(
                                                                        architecture, seed)));
        return Stream.concat(sizes, drawn);
    }

    @ParameterizedTest
    @MethodSource("models")
    void agree(RandomModel random) throws IOException {
        OracleModel oracle = OracleModel.ofDirectory(random.write(directory));
        int[] tokens = random.tokens(40);
        float[][] exact = oracle.logits(tokens);
        for (Precision precision : new Precision[] {Precision.INT8, Precision.INT4}) {
            float[][] rounded = oracle.rounded(precision == Precision.INT4 ? 4 : 8).logits(tokens);
            float[][] found = logits(precision, tokens);
            assertThat(difference(found, rounded))
                    .as("%s, %s", precision, random)
                    .isLessThan(MOST)
                    .isLessThan(difference(found, exact));
        }
    }

    private float[][] logits(Precision precision, int[] tokens) {
        ModelFiles files = ModelFiles.of(directory);
        try (DecoderModel model =
                        DecoderModel.open(
                                DecoderGraphs.write(
                                        "tested",
                                        DecoderConfig.read(files),
                                        SafeTensors.read(files),
                                        precision,
                                        CONTEXT),
                                CONTEXT,
                                RuntimeOptions.defaults());
                DecoderSession session = model.newSession()) {
            Logits logits = session.forward(tokens, LogitRows.ALL);
            float[][] rows = new float[logits.rows()][model.vocabularySize()];
            for (int i = 0; i < rows.length; i++) {
                FloatBuffer row = logits.row(i);
                row.get(rows[i]);
            }
            return rows;
        }
    }

    /** Returns the length of the difference as a part of the length of what is expected. */
    private static double difference(float[][] found, float[][] expected) {
        double error = 0;
        double size = 0;
        for (int row = 0; row < expected.length; row++) {
            for (int i = 0; i < expected[row].length; i++) {
                error += Math.pow(found[row][i] - expected[row][i], 2);
                size += Math.pow(expected[row][i], 2);
            }
        }
        return Math.sqrt(error / size);
    }
}
