package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Sessions that are run, rolled back, saved and restored at random points, against a fresh session
 * that reads the whole text at once.
 */
class RollbackTest {
    private static final int CONTEXT = 96;
    private static final float TOLERANCE = 1e-4f;

    @TempDir Path directory;

    /** Ways to hold keys and values. */
    enum Holding {
        /** Our own graph: written where they stay. */
        IN_PLACE {
            @Override
            DecoderModel open(Path directory) {
                ModelFiles files = ModelFiles.of(directory);
                return DecoderModel.open(
                        DecoderGraphs.write(
                                "tested",
                                DecoderConfig.read(files),
                                SafeTensors.read(files),
                                Precision.FP32,
                                CONTEXT),
                        CONTEXT,
                        RuntimeOptions.defaults());
            }
        },
        /** An export: past and new rows joined at every run. */
        GROWING {
            @Override
            DecoderModel open(Path directory) throws IOException {
                Path file = directory.resolve("model.onnx");
                ExportedDecoder.write(
                        directory, file, EnumSet.noneOf(ExportedDecoder.Variant.class));
                return DecoderModel.open(file, CONTEXT, RuntimeOptions.defaults());
            }
        };

        abstract DecoderModel open(Path directory) throws IOException;
    }

    @ParameterizedTest
    @EnumSource(Holding.class)
    void anyCutsGiveTheLogitsOfTheTextThatIsLeft(Holding holding) throws IOException {
        for (long seed = 1; seed <= 3; seed++) {
            check(holding, seed);
        }
    }

    @ParameterizedTest
    @EnumSource(Holding.class)
    @Tag("thorough")
    void manyCutsGiveTheLogitsOfTheTextThatIsLeft(Holding holding) throws IOException {
        for (long seed = 100; seed < 160; seed++) {
            check(holding, seed);
        }
    }

    private void check(Holding holding, long seed) throws IOException {
        RandomModel drawn = new RandomModel("LlamaForCausalLM", seed);
        Path files = drawn.write(directory.resolve("model" + seed));
        try (DecoderModel model = holding.open(files)) {
            for (int round = 0; round < 4; round++) {
                Random random = new Random(31 * seed + round);
                // Keys and values of every capacity have their rows at other places.
                int capacity = round == 0 ? CONTEXT : 8 + random.nextInt(CONTEXT - 8);
                try (DecoderSession session = model.newSession(capacity)) {
                    new Walk(model, session, random, "seed %d.%d".formatted(seed, round)).go();
                }
            }
        }
    }

    /** Random steps of one session, each followed by a comparison. */
    private static final class Walk {
        private final DecoderModel model;
        private final DecoderSession session;
        private final Random random;
        private final String name;
        private int[] text = new int[0];

        Walk(DecoderModel model, DecoderSession session, Random random, String name) {
            this.model = model;
            this.session = session;
            this.random = random;
            this.name = name;
        }

        void go() {
            for (int step = 0; step < 12; step++) {
                switch (random.nextInt(3)) {
                    case 0 -> forward();
                    case 1 -> rollback();
                    default -> saveAndRestore();
                }
                assertThat(session.tokens()).as(name).isEqualTo(text);
            }
            rollback();
            forward();
        }

        private void forward() {
            int room = session.capacity() - text.length;
            if (room == 0) {
                return;
            }
            // Drafts and pieces of prompts: below and above the sizes whose buffers are kept.
            int most = random.nextBoolean() ? 9 : 50;
            int[] added = tokens(1 + random.nextInt(Math.min(room, most)));
            int before = text.length;
            text = DecoderAgreement.joined(text, added);
            compare(session.forward(added, LogitRows.ALL), before);
        }

        private void rollback() {
            text = Arrays.copyOf(text, random.nextInt(text.length + 1));
            session.rollback(text.length);
        }

        /** Some tokens are saved, forgotten with all after them, and come back without a run. */
        private void saveAndRestore() {
            int from = random.nextInt(text.length + 1);
            int to = from + random.nextInt(text.length - from + 1);
            if (to == from) {
                return;
            }
            int start = random.nextInt(5);
            ByteBuffer saved =
                    ByteBuffer.allocateDirect((int) (start + (to - from) * model.bytesPerToken()))
                            .order(ByteOrder.nativeOrder())
                            .position(start);
            session.save(from, to, saved);
            assertThat(saved.hasRemaining()).as(name).isFalse();
            saved.position(start);
            int runs = session.runs();
            if (random.nextBoolean()) {
                session.rollback(from);
                // Else what was forgotten would still lie there.
                session.forward(tokens(to - from), LogitRows.LAST);
                runs = session.runs();
                session.rollback(from);
                session.restore(text, from, to, saved);
            } else {
                restoreElsewhere(from, to, saved);
            }
            assertThat(saved.hasRemaining()).as(name).isFalse();
            assertThat(session.runs()).as(name).isEqualTo(runs);
            text = session.tokens();
        }

        /** Another session with the same beginning takes over, and must say the same. */
        private void restoreElsewhere(int from, int to, ByteBuffer saved) {
            int capacity = to + 1 + random.nextInt(CONTEXT - to + 1);
            try (DecoderSession other = model.newSession(Math.min(CONTEXT, capacity))) {
                if (from > 0) {
                    other.forward(text, 0, from, LogitRows.LAST);
                }
                other.restore(text, from, to, saved);
                if (other.length() < other.capacity()) {
                    int[] next = tokens(1);
                    int[] whole = DecoderAgreement.joined(Arrays.copyOf(text, to), next);
                    compare(other.forward(next, LogitRows.ALL), whole, to);
                }
            }
        }

        private int[] tokens(int count) {
            return random.ints(count, 0, model.vocabularySize()).toArray();
        }

        private void compare(Logits found, int from) {
            compare(found, text, from);
        }

        private void compare(Logits found, int[] whole, int from) {
            assertThat(found.rows()).as(name).isEqualTo(whole.length - from);
            try (DecoderSession fresh = model.newSession()) {
                Logits wanted = fresh.forward(whole, LogitRows.ALL);
                for (int row = 0; row < found.rows(); row++) {
                    compare(found.row(row), wanted.row(from + row), from + row);
                }
            }
        }

        private void compare(FloatBuffer found, FloatBuffer wanted, int position) {
            for (int id = 0; id < model.vocabularySize(); id++) {
                // Negated, so that NaN fails.
                if (!(Math.abs(found.get(id) - wanted.get(id)) <= TOLERANCE)) {
                    fail(
                            "%s, position %d, id %d: expected %s, found %s"
                                    .formatted(name, position, id, wanted.get(id), found.get(id)));
                }
            }
        }
    }
}
