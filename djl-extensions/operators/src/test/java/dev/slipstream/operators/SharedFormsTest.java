package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * On the native attention, where a model has two forms of its weights: a turn's own length decides
 * which it gets, and what others ask for in the same run changes none of its bits.
 */
class SharedFormsTest {
    private static final int CONTEXT = 64;
    private static final int SEQUENCES = 4;
    private static final int LONG = 6;

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @ParameterizedTest
    @EnumSource
    void longAndShortTurnsTogetherHaveTheBitsThatTheyHaveAlone(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        kind.write(directory, random);
        try (DecoderModel model = open()) {
            assertThat(model.runtime()).contains("ragged");
            model.runLongFrom(LONG);
            int[] tokens = random.ints(CONTEXT, 0, model.vocabularySize()).toArray();
            int[] lengths = {LONG + random.nextInt(20), 1, LONG, LONG - 1};
            List<float[]> alone = new ArrayList<>();
            List<Turn> turns = new ArrayList<>();
            for (int length : lengths) {
                try (DecoderSession session = model.newSession()) {
                    session.forward(tokens, 0, 10, LogitRows.LAST);
                    alone.add(last(session.forward(tokens, 10, 10 + length, LogitRows.LAST)));
                }
                DecoderSession session = model.newSession();
                session.forward(tokens, 0, 10, LogitRows.LAST);
                turns.add(new Turn(session, tokens, 10, 10 + length, LogitRows.LAST));
            }
            List<Logits> together = model.forward(turns, Depth.FULL);
            for (int i = 0; i < lengths.length; i++) {
                assertThat(last(together.get(i)))
                        .as("%d tokens, %s, seed %d", lengths[i], kind, seed)
                        .isEqualTo(alone.get(i));
            }
            model.runLongFrom(LONG + 30);
            try (DecoderSession session = model.newSession()) {
                session.forward(tokens, 0, 10, LogitRows.LAST);
                assertThat(last(session.forward(tokens, 10, 10 + lengths[0], LogitRows.LAST)))
                        .as("in the other form, seed %d", seed)
                        .isNotEqualTo(alone.get(0));
            }
        }
    }

    private DecoderModel open() {
        return DecoderModel.open(
                DrawnModel.twoForms(directory, Precision.INT4, CONTEXT),
                CONTEXT,
                new RuntimeOptions(1, Spinning.OFF, 2, SEQUENCES));
    }

    private static float[] last(Logits logits) {
        float[] row = new float[logits.row(0).remaining()];
        logits.row(0).get(0, row);
        return row;
    }
}
