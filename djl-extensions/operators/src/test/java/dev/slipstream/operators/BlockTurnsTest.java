package dev.slipstream.operators;

import static dev.slipstream.operators.LogitArrays.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.runtime.ContextAttention;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Turns of models whose new tokens see each other in other ways than causally. */
class BlockTurnsTest {
    private static final int CONTEXT = 200;
    private static final int SEQUENCES = 4;
    private static final int KEPT = 16;
    private static final double EXACT = 1e-4;

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @ParameterizedTest
    @EnumSource
    void aMaskOfTheTokensBeforeIsCausal(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (DecoderModel model = open(kind, random);
                DecoderSession session = model.newSession()) {
            assertThat(model.seesBlocks()).isTrue();
            int past = kind == DrawnModel.MISTRAL ? 0 : 70;
            // Of new rows the mask alone decides: what a window would hide is left out here too.
            int rows = kind == DrawnModel.MISTRAL ? 13 : 75;
            int[] tokens = tokens(random, model, past + rows);
            hold(session, tokens, past);
            float[][] causal = rows(run(session, tokens, past, Visibility.CAUSAL));
            session.rollback(past);
            Visibility mask = Visibility.of(Sight.causal(rows).sees(), Sight.causal(rows).places());
            assertClose(rows(run(session, tokens, past, mask)), causal, "seed " + seed);
            assertThat(session.exactLength()).isEqualTo(past);
        }
    }

    /** Next-block diffusion: a causal context, and a block behind it whose rows see all. */
    @ParameterizedTest
    @EnumSource(
            value = DrawnModel.class,
            names = {"LLAMA", "QWEN3"})
    void aBlockBehindAHeldContextIsOneMaskOverBoth(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (DecoderModel model = open(kind, random);
                DecoderSession session = model.newSession();
                DecoderSession whole = model.newSession()) {
            for (int past : new int[] {0, 1, 90}) {
                int block = 32;
                int[] tokens = tokens(random, model, past + block);
                boolean[][] sees = new boolean[past + block][past + block];
                int[] places = new int[past + block];
                for (int i = 0; i < past + block; i++) {
                    places[i] = i;
                    for (int j = 0; j < past + block; j++) {
                        sees[i][j] = j <= i || i >= past;
                    }
                }
                whole.rollback(0);
                float[][] expected = rows(run(whole, tokens, 0, Visibility.of(sees, places)));
                session.rollback(0);
                hold(session, tokens, past);
                float[][] found = rows(run(session, tokens, past, Visibility.whole(block)));
                for (int i = 0; i < block; i++) {
                    assertClose(found[i], expected[past + i], "seed %d, row %d".formatted(seed, i));
                }
            }
        }
    }

    /** A row of the second copy says what a mask token says behind the tokens before its place. */
    @ParameterizedTest
    @EnumSource(
            value = DrawnModel.class,
            names = {"LLAMA", "QWEN3"})
    void twoCopiesOfABlockAreAsManyPassesAsItHasPlaces(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (DecoderModel model = open(kind, random);
                DecoderSession session = model.newSession()) {
            int past = random.nextInt(70);
            int block = 40;
            int mask = 7;
            int[] tokens = tokens(random, model, past + 2 * block);
            Arrays.fill(tokens, past + block, tokens.length, mask);
            hold(session, tokens, past);
            Sight copies = Sight.twoCopies(block);
            Visibility visibility = Visibility.of(copies.sees(), copies.places());
            float[][] found = rows(run(session, tokens, past, visibility));
            for (int i = 0; i < block; i++) {
                session.rollback(past);
                if (i > 0) {
                    session.forward(tokens, past, past + i, LogitRows.LAST);
                }
                float[] alone = rows(session.forward(new int[] {mask}, LogitRows.LAST))[0];
                assertClose(found[block + i], alone, "seed %d, place %d".formatted(seed, i));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void sharedRunsOfAnyVisibilityChangeNoBit(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (DecoderModel model = open(kind, random)) {
            List<Turn> turns = new ArrayList<>();
            List<float[][]> expected = new ArrayList<>();
            for (int i = 0; i < SEQUENCES; i++) {
                int past = random.nextInt(60);
                Visibility visibility = draw(random, i);
                int rows = i == 0 ? 1 + random.nextInt(20) : visibility.rows();
                int[] tokens = tokens(random, model, past + rows);
                DecoderSession session = model.newSession();
                hold(session, tokens, past);
                LogitRows wanted = random.nextBoolean() ? LogitRows.ALL : LogitRows.LAST;
                ContextAttention context =
                        rows <= KEPT ? ContextAttention.KEPT : ContextAttention.COMPUTED;
                Turn turn =
                        new Turn(session, tokens, past, past + rows, wanted)
                                .withVisibility(visibility)
                                .withContext(i == 0 ? ContextAttention.COMPUTED : context);
                expected.add(rows(model.forward(turn)));
                turns.add(turn);
            }
            // Together, and what comes behind is as if the blocks had never been.
            for (int round = 0; round < 3; round++) {
                turns.forEach(turn -> turn.session().rollback(turn.from()));
                List<Logits> logits = model.forward(turns, Depth.FULL);
                for (int i = 0; i < SEQUENCES; i++) {
                    assertThat(rows(logits.get(i)))
                            .as("sequence %d, seed %d", i, seed)
                            .isDeepEqualTo(expected.get(i));
                }
            }
            for (Turn turn : turns) {
                try (DecoderSession fresh = model.newSession()) {
                    hold(fresh, turn.tokens(), turn.from());
                    turn.session().rollback(turn.from());
                    assertThat(turn.session().exactLength()).isEqualTo(turn.from());
                    assertThat(rows(run(turn.session(), turn.tokens(), turn.from())))
                            .as("seed %d", seed)
                            .isDeepEqualTo(rows(run(fresh, turn.tokens(), turn.from())));
                }
                turn.session().close();
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        try (DecoderModel model = open(DrawnModel.LLAMA, new Random(1));
                DecoderSession session = model.newSession()) {
            int[] tokens = new int[CONTEXT];
            hold(session, tokens, CONTEXT - 4);
            Turn turn = new Turn(session, tokens, 0, 4, LogitRows.ALL);
            Turn far =
                    turn.withVisibility(
                            Visibility.of(Sight.whole(4).sees(), new int[] {0, 1, 2, 4}));
            assertThatThrownBy(() -> model.forward(far))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("drawn", "row 3", "below 4 behind 196", "found 4");
            Turn long5 = new Turn(session, tokens, 0, 5, LogitRows.ALL);
            assertThatThrownBy(() -> model.forward(long5.withVisibility(Visibility.whole(5))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("1 to 4 new tokens");
            assertThat(session.length()).isEqualTo(CONTEXT - 4);
            assertThat(model.forward(turn.withVisibility(Visibility.whole(4))).rows()).isEqualTo(4);
        }
    }

    private static Visibility draw(Random random, int kind) {
        int rows = 1 + random.nextInt(80);
        Sight sight =
                switch (kind) {
                    case 0 -> Sight.CAUSAL;
                    case 1 -> Sight.whole(1 + random.nextInt(KEPT));
                    case 2 -> Sight.twoCopies(1 + random.nextInt(40));
                    default -> Sight.draw(random, rows, 100);
                };
        return sight.mode() == 0 ? Visibility.CAUSAL : Visibility.of(sight.sees(), sight.places());
    }

    private static int[] tokens(Random random, DecoderModel model, int count) {
        return random.ints(count, 0, model.vocabularySize()).toArray();
    }

    private static void hold(DecoderSession session, int[] tokens, int count) {
        if (count > 0) {
            session.forward(tokens, 0, count, LogitRows.LAST);
        }
    }

    private static Logits run(DecoderSession session, int[] tokens, int from) {
        return run(session, tokens, from, Visibility.CAUSAL);
    }

    private static Logits run(
            DecoderSession session, int[] tokens, int from, Visibility visibility) {
        Turn turn = new Turn(session, tokens, from, tokens.length, LogitRows.ALL);
        return session.model().forward(turn.withVisibility(visibility));
    }

    private static void assertClose(float[][] found, float[][] expected, String description) {
        assertThat(found.length).as(description).isEqualTo(expected.length);
        for (int i = 0; i < found.length; i++) {
            assertClose(found[i], expected[i], "row %d, %s".formatted(i, description));
        }
    }

    private static void assertClose(float[] found, float[] expected, String description) {
        for (int i = 0; i < found.length; i++) {
            assertThat((double) found[i]).as(description).isCloseTo(expected[i], within(EXACT));
        }
    }

    private DecoderModel open(DrawnModel kind, Random random) throws IOException {
        kind.write(directory, random);
        return DecoderModel.open(
                DrawnModel.graph(directory, Precision.FP32, DrawnModel.Part.NONE, CONTEXT),
                CONTEXT,
                new RuntimeOptions(1, Spinning.OFF, 1, SEQUENCES).withKeptContextRows(KEPT));
    }
}
