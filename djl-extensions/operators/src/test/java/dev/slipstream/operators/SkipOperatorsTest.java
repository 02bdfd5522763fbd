package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtException;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.operators.SkippingSession.Knobs;
import dev.slipstream.operators.SkippingSession.Outcome;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.SkipOperators;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The native operators skip what the pass's own nodes skip, and no bit differs. */
@Timeout(120)
class SkipOperatorsTest {
    private static final int ROUNDS = 12;
    private static final int CONTEXT = 64;

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    /** A model whose feed-forwards may be skipped in layers {@code start < l < end}. */
    private record Drawn(OnnxModel gated, int vocabulary, int start, int end) {
        /** The values of whose quotient the threshold decides, of the layers that set off. */
        List<String> decisive() {
            List<String> names = new ArrayList<>();
            for (int layer = start; layer < end - 1; layer++) {
                names.add("layers." + layer + ".skip.dot");
                names.add("layers." + layer + ".skip.lengths");
            }
            return names;
        }
    }

    private Drawn draw(Random random) throws IOException {
        // Widths that are no multiple of a vector, too.
        int layers = 2 + random.nextInt(5);
        int hidden = 32 * (1 + random.nextInt(3)) + 4 * random.nextInt(8);
        int kvHeads = 1 + random.nextInt(2);
        DrawnModel.Shape shape =
                new DrawnModel.Shape(
                        layers, hidden, 128, kvHeads * (1 + random.nextInt(2)), kvHeads, 16, 48);
        DrawnModel.LLAMA.write(directory, random, shape);
        Precision[] precisions = Precision.values();
        Precision precision =
                hidden % 32 == 0 ? precisions[random.nextInt(precisions.length)] : Precision.FP32;
        OnnxModel graph = DrawnModel.graph(directory, precision, DrawnModel.Part.NONE, CONTEXT);
        int start = random.nextInt(layers - 1);
        int end = start + 2 + random.nextInt(layers - start - 1);
        String pass =
                "ffn-skip:cold-start=%d,cold-end=%d,threshold=0.9,count=1".formatted(start, end);
        OnnxModel gated = Passes.create(PassSpec.parse(pass)).apply(graph, null).graph();
        gated.removeUnused();
        return new Drawn(gated, shape.vocabulary(), start, end);
    }

    private static Knobs knobs(Random random, int rows) {
        float[] thresholds = new float[rows];
        long[] counts = new long[rows];
        boolean[] rearms = new boolean[rows];
        long[] some = {0, 1, 1, 2, 3, 1L << 40};
        for (int i = 0; i < rows; i++) {
            thresholds[i] = random.nextInt(5) == 0 ? 2 : random.nextFloat(-1, 1);
            counts[i] = some[random.nextInt(some.length)];
            rearms[i] = random.nextBoolean();
        }
        return new Knobs(thresholds, counts, rearms);
    }

    @Test
    void decidesAsThePortableNodesDo() throws IOException, OrtException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int compared = 0;
        int skipped = 0;
        for (int round = 0; round < ROUNDS; round++) {
            Drawn drawn = draw(random);
            OnnxModel natively = SkipOperators.of(drawn.gated());
            assertThat(natively).isNotSameAs(drawn.gated());
            for (InstructionSet set : InstructionSet.available()) {
                String what = "%s, round %d, seed %d".formatted(set, round, seed);
                Path file = directory.resolve("portable.onnx");
                Path other = directory.resolve("native.onnx");
                try (SkippingSession portable =
                                new SkippingSession(drawn.gated(), file, set, drawn.decisive());
                        SkippingSession found =
                                new SkippingSession(natively, other, set, List.of())) {
                    for (int rows : new int[] {1, 1 + random.nextInt(24)}) {
                        int[] tokens = random.ints(rows, 0, drawn.vocabulary()).toArray();
                        Knobs knobs = knobs(random, rows);
                        Outcome expected = portable.run(tokens, knobs);
                        if (!withinRounding(expected, knobs, drawn)) {
                            Outcome outcome = found.run(tokens, knobs);
                            assertThat(outcome.skipped())
                                    .as(what)
                                    .isDeepEqualTo(expected.skipped());
                            assertThat(outcome.logits()).as(what).isEqualTo(expected.logits());
                            compared++;
                            skipped += count(expected.skipped());
                        }
                    }
                }
            }
        }
        assertThat(compared).as("seed %d", seed).isGreaterThan(ROUNDS);
        assertThat(skipped).as("seed %d", seed).isPositive();
    }

    /** Whether a decision is so close that the order of a sum may change it. */
    private static boolean withinRounding(Outcome portable, Knobs knobs, Drawn drawn) {
        List<String> names = drawn.decisive();
        for (int i = 0; i < names.size(); i += 2) {
            float[] dots = Objects.requireNonNull(portable.shown().get(names.get(i)));
            float[] lengths = Objects.requireNonNull(portable.shown().get(names.get(i + 1)));
            for (int row = 0; row < dots.length; row++) {
                if (Math.abs(dots[row] / lengths[row] - knobs.thresholds()[row]) < 1e-6) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int count(boolean[][] skipped) {
        int sum = 0;
        for (boolean[] layer : skipped) {
            for (boolean gone : layer) {
                sum += gone ? 1 : 0;
            }
        }
        return sum;
    }

    @Test
    void aThresholdAboveOneOrNoCountSkipsNothingEvenOfAStreamThatDoesNotTurn()
            throws IOException, OrtException {
        Drawn drawn = draw(new Random(4));
        OnnxModel still = drawn.gated().copy();
        // No feed-forward adds anything: all cosines are 1, or what rounding makes of it.
        still.replaceNodes(
                node ->
                        node.getOutputCount() > 0
                                        && node.getOutput(0).endsWith(".feed_forward.gated")
                                ? List.of(
                                        node.toBuilder()
                                                .clearAttribute()
                                                .setDomain("")
                                                .setOpType("Sub")
                                                .clearInput()
                                                .addInput(node.getInput(1))
                                                .addInput(node.getInput(1))
                                                .build())
                                : List.of(node));
        int rows = 16;
        int[] tokens = new Random(5).ints(rows, 0, drawn.vocabulary()).toArray();
        Path file = directory.resolve("still.onnx");
        for (InstructionSet set : InstructionSet.available()) {
            try (SkippingSession session =
                    new SkippingSession(SkipOperators.of(still), file, set, List.of())) {
                assertThat(count(session.run(tokens, all(rows, Math.nextUp(1f), 9)).skipped()))
                        .isZero();
                assertThat(count(session.run(tokens, all(rows, 0.5f, 0)).skipped())).isZero();
                assertThat(count(session.run(tokens, all(rows, 0.5f, -1)).skipped())).isZero();
                assertThat(count(session.run(tokens, all(rows, 0.999f, 9)).skipped()))
                        .isEqualTo(rows * (drawn.end() - drawn.start() - 1));
            }
        }
    }

    private static Knobs all(int rows, float threshold, long count) {
        Knobs knobs = new Knobs(new float[rows], new long[rows], new boolean[rows]);
        Arrays.fill(knobs.thresholds(), threshold);
        Arrays.fill(knobs.counts(), count);
        return knobs;
    }

    @Test
    void modelsSayThatTheirDecisionsAreNative() throws IOException {
        Drawn drawn = draw(new Random(6));
        try (DecoderModel model =
                DecoderModel.open(drawn.gated(), CONTEXT, RuntimeOptions.defaults())) {
            assertThat(model.runtime()).contains("+skip-");
        }
        OnnxModel plain =
                DrawnModel.graph(directory, Precision.FP32, DrawnModel.Part.NONE, CONTEXT);
        try (DecoderModel model = DecoderModel.open(plain, CONTEXT, RuntimeOptions.defaults())) {
            assertThat(model.runtime()).doesNotContain("+skip-");
        }
    }
}
