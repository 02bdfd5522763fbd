package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.oracle.ExportedEncoder;
import dev.slipstream.oracle.OracleEncoder;
import dev.slipstream.pass.Removal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class EncoderModelTest {
    private static final RuntimeOptions ONE_THREAD = new RuntimeOptions(1, Spinning.OFF, 0);
    private static final double CLOSE = 2e-5;

    /** The mean cosine of vectors whose weights and activations were rounded to 8 bits. */
    private static final double ALIKE = 0.95;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @ParameterizedTest
    @EnumSource
    void embedsAsThePlainEncoder(ExportedEncoder.Form form) {
        for (int trial = 0; trial < 4; trial++) {
            OracleEncoder oracle = new OracleEncoder(random);
            Pooling pooling = random.nextBoolean() ? Pooling.MEAN : Pooling.CLS;
            check(oracle, ExportedEncoder.write(oracle, form), pooling, Set.of(), form);
        }
    }

    @ParameterizedTest
    @EnumSource
    void embedsWithoutSubLayersAsThePlainEncoderThatSkipsThem(ExportedEncoder.Form form) {
        for (int trial = 0; trial < 4; trial++) {
            OracleEncoder oracle = new OracleEncoder(random);
            Set<SubLayerName> removed = new HashSet<>();
            for (int i = 0; i < oracle.layers(); i++) {
                for (SubLayer.Kind kind :
                        List.of(SubLayer.Kind.ATTENTION, SubLayer.Kind.FEED_FORWARD)) {
                    if (random.nextInt(3) == 0) {
                        removed.add(new SubLayerName(kind, i));
                    }
                }
            }
            OnnxModel shorter = Removal.of(ExportedEncoder.write(oracle, form), removed);
            for (SubLayerName name : removed) {
                String prefix =
                        "l"
                                + name.layer()
                                + (name.kind() == SubLayer.Kind.ATTENTION ? ".a." : ".f.");
                assertThat(shorter.initializers().keySet())
                        .as("seed %d", seed)
                        .noneMatch(weight -> weight.startsWith(prefix));
            }
            check(oracle, shorter, Pooling.MEAN, removed, form);
        }
    }

    private void check(
            OracleEncoder oracle,
            OnnxModel graph,
            Pooling pooling,
            Set<SubLayerName> removed,
            ExportedEncoder.Form form) {
        // At 150 a run does not take them all.
        List<int[]> sequences = sequences(random.nextInt(8) == 0 ? 150 : 5 + random.nextInt(15));
        float[][] found;
        try (EncoderModel model = EncoderModel.open(graph, pooling, ONE_THREAD)) {
            found = model.embed(sequences);
        }
        assertThat(found).hasNumberOfRows(sequences.size());
        double cosines = 0;
        for (int i = 0; i < found.length; i++) {
            double[] expected =
                    oracle.embedding(sequences.get(i), pooling == Pooling.MEAN, removed);
            double squares = 0;
            for (int j = 0; j < expected.length; j++) {
                cosines += expected[j] * found[i][j];
                squares += found[i][j] * found[i][j];
                if (form != ExportedEncoder.Form.INT8) {
                    assertThat((double) found[i][j])
                            .as("seed %d, sequence %d", seed, i)
                            .isCloseTo(expected[j], within(CLOSE));
                }
            }
            assertThat(squares).as("seed %d", seed).isCloseTo(1, within(1e-6));
        }
        assertThat(cosines / found.length).as("seed %d", seed).isGreaterThan(ALIKE);
    }

    private List<int[]> sequences(int count) {
        List<int[]> sequences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = 1 + random.nextInt(OracleEncoder.POSITIONS);
            sequences.add(random.ints(length, 0, OracleEncoder.VOCABULARY).toArray());
        }
        return sequences;
    }

    @Test
    void embedsNothing() {
        try (EncoderModel model = open()) {
            assertThat(model.embed(List.of())).isEmpty();
            assertThatThrownBy(() -> model.embed(List.of(new int[0])))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("empty");
        }
    }

    @Test
    void saysWhichSequenceIsTooLong() {
        try (EncoderModel model = open()) {
            assertThatThrownBy(() -> model.embed(List.of(new int[OracleEncoder.POSITIONS + 1])))
                    .isInstanceOf(InferenceException.class)
                    .hasMessageContaining("1 sequences of up to 25 tokens");
        }
    }

    @Test
    void refusesWhatIsNoEncoder() {
        assertThatThrownBy(
                        () ->
                                EncoderModel.open(
                                        GrowingDecoder.graph(7, ElementType.FLOAT, false),
                                        Pooling.MEAN,
                                        ONE_THREAD))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("expected an encoder");
        OnnxModel pooled = graph();
        pooled.outputs().remove(0);
        assertThatThrownBy(() -> EncoderModel.open(pooled, Pooling.MEAN, ONE_THREAD))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("three dimensions")
                .hasMessageContaining("pooled");
    }

    @Test
    void isSharedByThreadsAndClosedUnderThem() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            OnnxModel graph = graph();
            List<int[]> sequences = sequences(20);
            for (int trial = 0; trial < 5; trial++) {
                EncoderModel model = EncoderModel.open(graph, Pooling.MEAN, ONE_THREAD);
                float[][] expected = model.embed(sequences);
                List<Future<?>> runs = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    runs.add(
                            threads.submit(
                                    () -> {
                                        while (true) {
                                            assertThat(model.embed(sequences))
                                                    .isDeepEqualTo(expected);
                                        }
                                    }));
                }
                model.embed(sequences);
                model.close();
                model.close();
                for (Future<?> run : runs) {
                    assertThatThrownBy(run::get)
                            .hasCauseInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("encoder is closed");
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private EncoderModel open() {
        return EncoderModel.open(graph(), Pooling.MEAN, ONE_THREAD);
    }

    private OnnxModel graph() {
        return ExportedEncoder.write(new OracleEncoder(random), ExportedEncoder.Form.NORMS);
    }
}
