package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.evaluate.PerplexityMeter;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What thin matrices cost on a real model: the table of docs/low-rank.md, printed. */
@Tag("thorough")
class LowRankQualityTest {
    private static final int TOKENS = 20_000;
    private static final RuntimeOptions RUNTIME = new RuntimeOptions(1, Spinning.OFF, 1);
    private static final SlidingWindow WINDOW = SlidingWindow.halfOverlapping(256);

    @Test
    void knowingTheInputsKeepsMoreOfTheStoryteller() throws IOException {
        LoadOptions options = LoadOptions.defaults().withPrecision(Precision.FP32);
        OnnxModel graph = Models.graph("storyteller-7m", options);
        int[] calibrating;
        int[] test;
        try (AutoregressiveGenerator generator = Models.open("storyteller-7m", options)) {
            Tokenizer tokenizer = generator.model().tokenizer();
            calibrating = tokens(tokenizer, "text-children/train-00.txt.gz");
            test = Arrays.copyOf(tokens(tokenizer, "text-children/test.txt.gz"), TOKENS);
        }
        Calibration calibration = Calibration.cut(calibrating, new int[] {0}, 20, 256, RUNTIME);
        double plain = nats(graph, test);
        System.out.printf(
                Locale.ROOT, "without: %.4f nats a token, %,d parameters%n", plain, size(graph));
        System.out.println(
                "| share of parameters | calibrated, by energy | calibrated, uniform | plain SVD, uniform |");
        System.out.println("|---|---|---|---|");
        for (double share : new double[] {0.9, 0.8, 0.7, 0.625, 0.5}) {
            double[] costs = new double[3];
            List<String> kinds =
                    List.of("ranks=energy", "ranks=uniform", "ranks=uniform,inputs=ignored");
            for (int i = 0; i < costs.length; i++) {
                String spec = "low-rank:parameters=" + share + "," + kinds.get(i);
                OnnxModel low =
                        new Pipeline(Passes.create(List.of(spec)))
                                .apply(graph, calibration, pass -> {})
                                .graph();
                costs[i] = nats(low, test) - plain;
            }
            System.out.printf(
                    Locale.ROOT,
                    "| %.3f | %+.4f | %+.4f | %+.4f |%n",
                    share,
                    costs[0],
                    costs[1],
                    costs[2]);
            assertThat(costs[1]).isLessThan(costs[2]);
            assertThat(costs[0]).isLessThan(costs[2]);
        }
    }

    private static long size(OnnxModel graph) {
        return Anatomy.of(graph).parameters();
    }

    private static double nats(OnnxModel graph, int[] tokens) {
        try (DecoderModel model = DecoderModel.open(graph, 256, RUNTIME)) {
            return new PerplexityMeter(model, WINDOW, 0)
                    .measure(tokens, tokens.length, done -> {})
                    .natsPerToken();
        }
    }

    private static int[] tokens(Tokenizer tokenizer, String file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(DataFolder.file(file)))) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return tokenizer.encode(text.replace("\r\n", "\n"), Tokenizer.SpecialTokens.AS_WRITTEN);
        }
    }
}
