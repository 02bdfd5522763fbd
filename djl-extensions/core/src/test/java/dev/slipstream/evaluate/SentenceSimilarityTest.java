package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.oracle.OracleEncoder;
import dev.slipstream.zoo.EncoderOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SentenceSimilarityTest {
    private static final List<String> SENTENCES =
            List.of(
                    "a girl is styling her hair",
                    "a man playing",
                    "the dog",
                    "guitar",
                    "her dog is");

    @TempDir Path directory;

    @Test
    void scoresTheOrderOfTheCosines() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        OracleEncoder oracle = new OracleEncoder(random);
        Path graph = directory.resolve("model.onnx");
        TinyEncoder.write(oracle, graph, directory.resolve("tokenizer.json"));
        try (SentenceEncoder encoder =
                Models.encoder(directory.toString(), EncoderOptions.defaults())) {
            List<SentencePair> pairs = new ArrayList<>();
            List<Double> cosines = new ArrayList<>();
            for (String first : SENTENCES) {
                for (String second : SENTENCES) {
                    double cosine = cosine(oracle, encoder, first, second);
                    // Floats may order what is closer, as they do a pair and its reverse.
                    if (cosines.stream().allMatch(other -> Math.abs(cosine - other) > 1e-5)) {
                        pairs.add(new SentencePair(first, second, random.nextInt(6)));
                        cosines.add(cosine);
                    }
                }
            }
            double expected =
                    RankCorrelation.spearman(
                            cosines.stream().mapToDouble(Double::doubleValue).toArray(),
                            pairs.stream().mapToDouble(SentencePair::likeness).toArray());
            Evaluator task = new SentenceSimilarity("alike", pairs);
            Subject subject = new Subject.Encoder(encoder);
            assertThat(task.suits(subject)).isTrue();
            Score score = task.evaluate(subject);
            assertThat(score.value()).as("seed %d", seed).isCloseTo(expected, within(1e-9));
            assertThat(score.samples()).isEqualTo(pairs.size()).isGreaterThan(2);
            assertThat(score.better()).isEqualTo(Score.Better.HIGHER);
        }
    }

    private static double cosine(
            OracleEncoder oracle, SentenceEncoder encoder, String first, String second) {
        double[] one = vector(oracle, encoder, first);
        double[] other = vector(oracle, encoder, second);
        double cosine = 0;
        for (int j = 0; j < one.length; j++) {
            cosine += one[j] * other[j];
        }
        return cosine;
    }

    private static double[] vector(OracleEncoder oracle, SentenceEncoder encoder, String text) {
        return oracle.embedding(encoder.tokens(text), true, Set.of());
    }

    @Test
    void readsTheBenchmarksLines() throws IOException {
        Path file = directory.resolve("sts.tsv");
        Files.writeString(
                file,
                "main-captions\timages\t2012\t0001\t3.8\tA \"girl\".\tA boy.\n"
                        + "main-captions\timages\t2012\t0002\t0\tOne.\tTwo.\tsource\tsource\n");
        assertThat(SentenceSimilarity.read(file))
                .containsExactly(
                        new SentencePair("A \"girl\".", "A boy.", 3.8),
                        new SentencePair("One.", "Two.", 0));
    }

    @Test
    void namesTheLineThatIsNoPair() throws IOException {
        Path file = directory.resolve("sts.tsv");
        String good = "a\tb\t2012\t1\t3.8\tA girl.\tA boy.\n";
        for (String bad : List.of("a\tb\t2012\t1\t3.8\tA girl.", good.replace("3.8", "much"), "")) {
            Files.writeString(file, good + bad + "\n");
            assertThatThrownBy(() -> SentenceSimilarity.read(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("sts.tsv:2")
                    .hasMessageContaining("tabs");
        }
    }

    @Test
    void losesAsScoresGetWorse() {
        Score high = new Score(0.8, Score.Better.HIGHER, 10);
        assertThat(new Score(0.6, Score.Better.HIGHER, 10).loss(high))
                .isCloseTo(0.25, within(1e-12));
        Score low = new Score(2, Score.Better.LOWER, 10);
        assertThat(new Score(3, Score.Better.LOWER, 10).loss(low)).isCloseTo(0.5, within(1e-12));
        Score negative = new Score(-0.5, Score.Better.HIGHER, 10);
        assertThat(new Score(-1, Score.Better.HIGHER, 10).loss(negative))
                .isCloseTo(1, within(1e-12));
    }
}
