package dev.slipstream.operators;

import static dev.slipstream.operators.LogitArrays.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * On the native attention, the logits of a token have the same bits one by one, in pieces, and in
 * runs that other sessions share, drafts included.
 */
@Timeout(300)
class SharedRunTest {
    private static final int CONTEXT = 130;
    private static final int SEQUENCES = 3;
    private static final int SESSIONS = 5;

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @ParameterizedTest
    @EnumSource
    void sharedRunsChangeNoBit(DrawnModel kind) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        kind.write(directory, random);
        for (Precision precision : Precision.values()) {
            DrawnModel.Part[] parts = DrawnModel.Part.values();
            check(precision, parts[random.nextInt(parts.length)], 1 + random.nextInt(2), seed);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("thorough")
    void sharedRunsOfAllKindsChangeNoBit(DrawnModel kind) throws IOException {
        for (long seed = 1; seed <= 5; seed++) {
            kind.write(directory, new Random(seed));
            for (Precision precision : Precision.values()) {
                for (DrawnModel.Part part : DrawnModel.Part.values()) {
                    check(precision, part, 1, seed);
                    check(precision, part, 2, seed);
                }
            }
        }
    }

    private void check(Precision precision, DrawnModel.Part part, int threads, long seed) {
        String description =
                "%s, %s, %d threads, seed %d".formatted(precision, part, threads, seed);
        Random random = new Random(seed);
        try (DecoderModel model = open(precision, part, threads)) {
            assertThat(model.sharedSequences()).isEqualTo(SEQUENCES);
            assertThat(model.runtime()).contains("ragged");
            List<Text> texts =
                    Stream.generate(() -> new Text(model, random, description))
                            .limit(SESSIONS)
                            .toList();
            while (texts.stream().anyMatch(Text::goesOn)) {
                List<Text> some = new ArrayList<>(texts);
                some.removeIf(text -> !text.goesOn() || random.nextInt(5) == 0);
                some.forEach(text -> text.chooseTurn(random));
                if (model.drafts()) {
                    some.forEach(Text::draftAlone);
                    run(model, some, Depth.DRAFT);
                }
                run(model, some, Depth.FULL);
                some.forEach(text -> text.rollBack(random));
            }
            texts.forEach(text -> text.session.close());
        }
    }

    private static void run(DecoderModel model, List<Text> texts, Depth depth) {
        List<Logits> logits = model.forward(texts.stream().map(Text::turn).toList(), depth);
        for (int i = 0; i < texts.size(); i++) {
            texts.get(i).compare(logits.get(i), depth);
        }
    }

    /** A session, its text, and the logits of the text as it is read token by token. */
    private static final class Text {
        final DecoderSession session;
        private final int[] tokens;
        private final float[][] expected;
        private final String description;
        private int to;
        private LogitRows rows = LogitRows.LAST;
        private float[][] drafted = {};

        Text(DecoderModel model, Random random, String description) {
            this.description = description;
            int length = CONTEXT - random.nextInt(30);
            tokens = random.ints(length, 0, model.vocabularySize()).toArray();
            expected = new float[length][];
            try (DecoderSession alone = model.newSession(length)) {
                for (int i = 0; i < length; i++) {
                    expected[i] = rows(alone.forward(tokens, i, i + 1, LogitRows.LAST))[0];
                }
            }
            // In pieces, alone.
            try (DecoderSession alone = model.newSession(length)) {
                for (int from = 0; from < length; ) {
                    int end = Math.min(length, from + 1 + random.nextInt(40));
                    float[][] found = rows(alone.forward(tokens, from, end, LogitRows.ALL));
                    assertThat(found)
                            .as("piece %d to %d, %s", from, end, description)
                            .isDeepEqualTo(Arrays.copyOfRange(expected, from, end));
                    from = end;
                }
            }
            session = model.newSession(length);
        }

        boolean goesOn() {
            return session.length() < tokens.length;
        }

        void chooseTurn(Random random) {
            int most = random.nextInt(4) == 0 ? 50 : 5;
            to = Math.min(tokens.length, session.length() + 1 + random.nextInt(most));
            rows = random.nextBoolean() ? LogitRows.LAST : LogitRows.ALL;
        }

        Turn turn() {
            return new Turn(session, tokens, session.length(), to, rows);
        }

        void draftAlone() {
            int before = session.length();
            drafted = rows(session.forward(tokens, before, to, rows, Depth.DRAFT));
            session.rollback(before);
        }

        void compare(Logits logits, Depth depth) {
            float[][] found = rows(logits);
            String what = "%s, up to %d, %s, %s".formatted(depth, to, rows, description);
            assertThat(session.length()).as(what).isEqualTo(to);
            if (depth == Depth.DRAFT) {
                assertThat(found).as(what).isDeepEqualTo(drafted);
                assertThat(session.exactLength()).as(what).isLessThan(to);
                session.rollback(session.exactLength());
            } else {
                assertThat(session.exactLength()).as(what).isEqualTo(to);
                assertThat(found)
                        .as(what)
                        .isDeepEqualTo(Arrays.copyOfRange(expected, to - found.length, to));
            }
        }

        void rollBack(Random random) {
            if (goesOn() && random.nextInt(3) == 0) {
                session.rollback(Math.max(0, session.length() - random.nextInt(4)));
            }
        }
    }

    @Test
    void eachThreadReadsItsOwnLogits() throws Exception {
        DrawnModel.LLAMA.write(directory, new Random(3));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (DecoderModel model = open(Precision.FP32, DrawnModel.Part.NONE, 1)) {
            CyclicBarrier start = new CyclicBarrier(2);
            List<Future<?>> users = new ArrayList<>();
            for (int user = 0; user < 2; user++) {
                long seed = user;
                users.add(
                        threads.submit(
                                () -> {
                                    Random random = new Random(seed);
                                    Text one = new Text(model, random, "user " + seed);
                                    Text two = new Text(model, random, "user " + seed);
                                    start.await();
                                    for (int i = 1; i < 80; i++) {
                                        one.to = i;
                                        two.to = i;
                                        run(model, List.of(one, two), Depth.FULL);
                                    }
                                    return null;
                                }));
            }
            for (Future<?> user : users) {
                user.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aSessionComesOnceAndIsTheModelsOwn() throws IOException {
        DrawnModel.LLAMA.write(directory, new Random(3));
        try (DecoderModel model = open(Precision.FP32, DrawnModel.Part.NONE, 1);
                DecoderModel other = open(Precision.FP32, DrawnModel.Part.NONE, 1);
                DecoderSession session = model.newSession();
                DecoderSession foreign = other.newSession()) {
            Turn turn = new Turn(session, new int[] {1, 2}, 0, 2, LogitRows.LAST);
            Turn strange = new Turn(foreign, new int[] {1, 2}, 0, 2, LogitRows.LAST);
            assertThatThrownBy(() -> model.forward(List.of(turn, turn), Depth.FULL))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("drawn", "once", "twice");
            assertThatThrownBy(() -> model.forward(List.of(turn, strange), Depth.FULL))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("drawn", "sessions of the open model");
            assertThat(session.length()).isZero();
            assertThat(model.forward(List.of(), Depth.FULL)).isEmpty();
        }
    }

    @Test
    void aModelIsClosedWhileSessionsShareRuns() throws Exception {
        DrawnModel.LLAMA.write(directory, new Random(3));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int trial = 0; trial < 20; trial++) {
                DecoderModel model = open(Precision.FP32, DrawnModel.Part.NONE, 2);
                CyclicBarrier start = new CyclicBarrier(3);
                List<Future<?>> users = new ArrayList<>();
                for (int user = 0; user < 2; user++) {
                    List<DecoderSession> sessions =
                            Stream.generate(model::newSession).limit(SEQUENCES).toList();
                    users.add(
                            threads.submit(
                                    () -> {
                                        start.await();
                                        return forEver(model, sessions);
                                    }));
                }
                start.await();
                model.close();
                for (Future<?> user : users) {
                    assertThatThrownBy(user::get)
                            .hasRootCauseInstanceOf(CancellationException.class);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static Void forEver(DecoderModel model, List<DecoderSession> sessions) {
        int[] tokens = new Random(1).ints(50, 0, model.vocabularySize()).toArray();
        while (true) {
            model.forward(
                    sessions.stream()
                            .map(session -> new Turn(session, tokens, 0, 50, LogitRows.LAST))
                            .toList(),
                    Depth.FULL);
            for (DecoderSession session : sessions) {
                try {
                    session.rollback(0);
                } catch (IllegalStateException closed) {
                    throw new CancellationException(closed.getMessage());
                }
            }
        }
    }

    private DecoderModel open(Precision precision, DrawnModel.Part part, int threads) {
        return DecoderModel.open(
                DrawnModel.graph(directory, precision, part, CONTEXT),
                CONTEXT,
                new RuntimeOptions(threads, Spinning.OFF, 2, SEQUENCES));
    }
}
