package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.models.HeldOutText.Part;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.Pipeline;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What thin matrices cost on a real model: the table of docs/low-rank.md, printed. */
@Tag("thorough")
class LowRankQualityTest {
    private static final SlidingWindow WINDOW = SlidingWindow.halfOverlapping(HeldOutText.WINDOW);
    private static final int SEQUENCES = HeldOutText.scaled(8, 20, 20_000);

    @Test
    void knowingTheInputsKeepsMoreOfTheStoryteller() throws IOException {
        try (HeldOutText text = new HeldOutText("storyteller-7m")) {
            compare(text, text.graph(), text.test());
        }
    }

    private static void compare(HeldOutText text, OnnxModel graph, int[] test) throws IOException {
        Calibration calibration = text.calibration(Part.TRAIN, SEQUENCES, HeldOutText.WINDOW);
        double plain = text.nats(graph, List.of(test), WINDOW);
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
                costs[i] = text.nats(low, List.of(test), WINDOW) - plain;
            }
            System.out.printf(
                    Locale.ROOT,
                    "| %.3f | %+.4f | %+.4f | %+.4f |%n",
                    share,
                    costs[0],
                    costs[1],
                    costs[2]);
            // Where much goes, so that a thousand tokens show it.
            if (share == 0.5) {
                assertThat(costs[1]).isLessThan(costs[2]);
                assertThat(costs[0]).isLessThan(costs[2]);
            }
        }
    }

    private static long size(OnnxModel graph) {
        return Anatomy.of(graph).parameters();
    }
}
