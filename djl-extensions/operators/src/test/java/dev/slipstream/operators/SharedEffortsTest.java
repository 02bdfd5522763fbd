package dev.slipstream.operators;

import static dev.slipstream.operators.LogitArrays.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sessions of any effort share runs on the native attention, and each has the bits, and skips what
 * it skips, as when it reads its text alone and token by token.
 */
@Timeout(120)
class SharedEffortsTest {
    private static final int CONTEXT = 48;
    private static final int SEQUENCES = 3;

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    /** A session, what it is to read, and what reading it token by token alone gave. */
    private static final class Text {
        private final DecoderSession session;
        private final Effort effort;
        private final int warmUp;
        private final int[] tokens;
        private final float[][] expected;
        private final long skipped;
        private int to;

        Text(DecoderModel model, Effort effort, int[] tokens, Random random) {
            this.effort = effort;
            warmUp = random.nextInt(10);
            this.tokens = tokens;
            expected = new float[CONTEXT][];
            session = model.newSession();
            try (DecoderSession alone = model.newSession()) {
                for (int i = 0; i < CONTEXT; i++) {
                    expected[i] = rows(model.forward(turn(alone, i, i + 1)))[0];
                }
                skipped = alone.skippedSubLayers();
            }
        }

        private Turn turn(DecoderSession on, int from, int end) {
            int full = Math.max(0, Math.min(end, warmUp) - from);
            return new Turn(on, tokens, from, end, LogitRows.ALL, effort, full);
        }

        Turn next(Random random) {
            to = Math.min(CONTEXT, session.length() + 1 + random.nextInt(7));
            return turn(session, session.length(), to);
        }

        void compare(Logits logits, String what) {
            float[][] found = rows(logits);
            assertThat(found)
                    .as(what)
                    .isDeepEqualTo(Arrays.copyOfRange(expected, to - found.length, to));
        }
    }

    /** Gates of one kind, and efforts of sessions that share runs; the first leaves nothing out. */
    private enum Gates {
        SKIPPED(
                "ffn-skip:cold-start=0,cold-end=3,threshold=0.9,count=1,warm-up=0",
                2,
                Effort.FULL,
                skipping(-1, 1, true),
                skipping(0.5, 2, false),
                skipping(0.7, 1, true),
                skipping(2, 1, true)),
        SWITCHED(
                "switch:sub-layers=(feed-forward.0,attention.1,feed-forward.2)",
                3,
                Effort.FULL,
                switches(true, false, true),
                switches(false, true, false),
                switches(true, false, true),
                switches(false, false, false)),
        ELASTIC(
                "elastic:widths=(64,128),untrained=true",
                0,
                Effort.FULL,
                widths(0, 0, 0),
                widths(0, 1, 0),
                widths(1, 1, 1),
                widths(0, 0, 0));

        private final String pass;
        private final int gated;
        private final List<Effort> efforts;

        Gates(String pass, int gated, Effort... efforts) {
            this.pass = pass;
            this.gated = gated;
            this.efforts = List.of(efforts);
        }

        private static Effort skipping(double threshold, int count, boolean rearm) {
            return new Effort(List.of(), List.of(), new Effort.Skipping(threshold, count, rearm));
        }

        private static Effort switches(Boolean... on) {
            return new Effort(List.of(on), List.of(), null);
        }

        private static Effort widths(Integer... widths) {
            return new Effort(List.of(), List.of(widths), null);
        }
    }

    static Stream<Arguments> gates() {
        return Stream.of(Gates.values())
                .flatMap(
                        gates ->
                                Stream.of(Precision.values())
                                        .map(precision -> Arguments.of(gates, precision)));
    }

    @ParameterizedTest
    @MethodSource("gates")
    void sharedRunsChangeNoBit(Gates gates, Precision precision) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        DrawnModel.LLAMA.write(directory, random);
        String what = "%s, %s, seed %d".formatted(gates, precision, seed);
        try (DecoderModel model = open(gates, precision)) {
            assertThat(model.sharedSequences()).isEqualTo(SEQUENCES);
            assertThat(model.runtime()).contains("ragged");
            int[] tokens = random.ints(CONTEXT, 0, model.vocabularySize()).toArray();
            List<Text> texts =
                    gates.efforts.stream()
                            .map(effort -> new Text(model, effort, tokens, random))
                            .toList();
            while (texts.stream().anyMatch(text -> text.session.length() < CONTEXT)) {
                List<Text> some = new ArrayList<>(texts);
                some.removeIf(text -> text.session.length() == CONTEXT || random.nextInt(4) == 0);
                List<Turn> turns = some.stream().map(text -> text.next(random)).toList();
                List<Logits> logits = model.forward(turns, Depth.FULL);
                for (int i = 0; i < some.size(); i++) {
                    some.get(i).compare(logits.get(i), what);
                }
            }
            for (Text text : texts) {
                assertThat(text.session.skippedSubLayers())
                        .as("%s, %s", text.effort, what)
                        .isEqualTo(text.skipped);
                assertThat(text.session.gatedSubLayers()).isEqualTo((long) gates.gated * CONTEXT);
                text.session.close();
            }
            // Of other efforts, or nothing was shown.
            assertThat(texts.get(0).skipped).isZero();
            assertThat(Arrays.deepEquals(texts.get(1).expected, texts.get(0).expected)).isFalse();
            if (gates == Gates.SKIPPED) {
                assertThat(texts.get(1).skipped).isEqualTo(CONTEXT - texts.get(1).warmUp);
            }
        }
    }

    private DecoderModel open(Gates gates, Precision precision) {
        OnnxModel graph = DrawnModel.graph(directory, precision, DrawnModel.Part.NONE, CONTEXT);
        OnnxModel gated = Passes.create(PassSpec.parse(gates.pass)).apply(graph, null).graph();
        return DecoderModel.open(gated, CONTEXT, new RuntimeOptions(1, Spinning.OFF, 2, SEQUENCES));
    }
}
