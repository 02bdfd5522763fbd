package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.graph.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who owns keys and values, and until when; and what exports may look like. */
@Timeout(120)
class SessionLifeTest {
    private static final int VOCABULARY = 7;
    private static final int[] TOKENS = {3, 1, 4, 1, 5};

    @ParameterizedTest
    @EnumSource(
            value = ElementType.class,
            names = {"FLOAT", "FLOAT16"})
    void logitsOfBothTypesAndBothWaysOfChoosingRows(ElementType type) {
        for (boolean keeps : new boolean[] {false, true}) {
            try (DecoderModel model = open(type, keeps);
                    DecoderSession session = model.newSession()) {
                check(session.forward(TOKENS, 0, 3, LogitRows.LAST), new int[] {3, 1, 4}, 1);
                check(session.forward(TOKENS, 3, 5, LogitRows.ALL), TOKENS, 2);
                session.rollback(2);
                check(session.forward(TOKENS, 2, 3, LogitRows.LAST), new int[] {3, 1, 4}, 1);
                try (DecoderSession twin = session.fork()) {
                    check(twin.forward(TOKENS, 3, 5, LogitRows.LAST), TOKENS, 1);
                }
            }
        }
    }

    @Test
    void otherLogitsAreRefusedWhenTheModelIsOpened() {
        assertThatThrownBy(() -> open(ElementType.DOUBLE, false))
                .isInstanceOf(InferenceException.class)
                .hasMessageContainingAll("growing", "logits", "FLOAT16", "DOUBLE");
    }

    @Test
    void runsAreCountedAsThePromptIsCut() {
        int vocabulary = 150_000;
        int fitting = (1 << 26) / (4 * vocabulary);
        int[] prompt = IntStream.range(0, 2 * fitting + 5).map(i -> i % 3).toArray();
        try (DecoderModel model =
                        DecoderModel.open(
                                GrowingDecoder.graph(vocabulary, ElementType.FLOAT, false),
                                512,
                                RuntimeOptions.defaults());
                DecoderSession session = model.newSession()) {
            session.forward(prompt, LogitRows.LAST);
            assertThat(session.runs()).isEqualTo(3);
        }
    }

    @Test
    void aClosedSessionLeavesItsSuccessorsKeysAndValuesAlone() {
        try (DecoderModel model = open(ElementType.FLOAT, false)) {
            DecoderSession first = model.newSession();
            first.forward(TOKENS, LogitRows.LAST);
            first.close();
            // Takes over the buffers of the first one.
            try (DecoderSession second = model.newSession()) {
                second.forward(new int[] {6, 5, 4}, LogitRows.LAST);
                assertThatThrownBy(() -> first.rollback(2))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContainingAll("growing", "closed");
                assertThatThrownBy(first::fork).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> first.forward(TOKENS, LogitRows.LAST))
                        .isInstanceOf(CancellationException.class);
                check(second.forward(new int[] {2}, LogitRows.LAST), new int[] {6, 5, 4, 2}, 1);
            }
        }
    }

    @Test
    void aClosedModelGivesNoSession() {
        DecoderModel model = open(ElementType.FLOAT, false);
        DecoderSession session = model.newSession();
        model.close();
        assertThatThrownBy(model::newSession)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("growing is closed");
        assertThatThrownBy(session::fork).isInstanceOf(IllegalStateException.class);
    }

    /** Whichever comes first: a session that was got is closed when the model is. */
    @Test
    void noSessionOutlivesItsModel() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int trial = 0; trial < 50; trial++) {
                DecoderModel model = open(ElementType.FLOAT, false);
                CyclicBarrier start = new CyclicBarrier(4);
                Callable<List<DecoderSession>> user = () -> use(model, start);
                List<Future<List<DecoderSession>>> users =
                        IntStream.range(0, 3).mapToObj(i -> threads.submit(user)).toList();
                start.await();
                model.close();
                for (Future<List<DecoderSession>> sessions : users) {
                    for (DecoderSession session : sessions.get()) {
                        assertThatThrownBy(() -> session.rollback(0))
                                .isInstanceOf(IllegalStateException.class);
                    }
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Opens sessions, and never closes one, until the model is closed. */
    private static List<DecoderSession> use(DecoderModel model, CyclicBarrier start)
            throws Exception {
        List<DecoderSession> sessions = new ArrayList<>();
        start.await();
        try {
            while (true) {
                sessions.add(model.newSession());
            }
        } catch (IllegalStateException closed) {
            assertThat(closed).hasMessage("growing is closed");
            return sessions;
        }
    }

    private static DecoderModel open(ElementType logits, boolean keepsLogits) {
        return DecoderModel.open(
                GrowingDecoder.graph(VOCABULARY, logits, keepsLogits),
                16,
                RuntimeOptions.defaults());
    }

    private static void check(Logits logits, int[] tokens, int rows) {
        assertThat(logits.rows()).isEqualTo(rows);
        for (int row = 0; row < rows; row++) {
            for (int id = 0; id < VOCABULARY; id++) {
                assertThat(logits.row(row).get(id))
                        .isEqualTo(GrowingDecoder.logit(tokens, tokens.length - rows + row, id));
            }
        }
    }
}
