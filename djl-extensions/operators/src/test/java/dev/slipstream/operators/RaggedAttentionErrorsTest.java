package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtException;
import dev.slipstream.operators.RaggedAttention.Layout;
import dev.slipstream.operators.RaggedAttention.Part;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RaggedAttentionErrorsTest {
    private static final Heads HEADS = new Heads(4, 2, 16, -1);
    private static final Rotary ROTARY = Rotary.of(12, 16);

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @Test
    void positionsStayInsideTheBufferAndTheRotaryTables() throws Exception {
        assertRefused(
                part(8, 7, 2), new int[] {0, 2}, new int[] {7}, "capacity, 8", "found 7 to 8");
        assertRefused(part(20, 11, 2), new int[] {0, 2}, new int[] {11}, "rotary tables' rows, 12");
        assertRefused(part(20, -1, 2), new int[] {0, 2}, new int[] {-1}, "found -1 to 0");
        assertRefused(
                part(20, 0, 2),
                new int[] {0, 2},
                new int[] {Integer.MAX_VALUE},
                "found 2147483647 to 2147483648");
    }

    @Test
    void startsAscendFromZeroToTheRows() throws Exception {
        assertRefused(part(8, 0, 2), new int[] {1, 2}, new int[] {0}, "starts", "found 1 and 2");
        assertRefused(part(8, 0, 2), new int[] {0, 3}, new int[] {0}, "2, the rows of query");
        Part part = part(8, 0, 2);
        try (RaggedAttention attention = attention(HEADS, Layout.PACKED, 2)) {
            assertMessage(
                    () ->
                            attention.run(
                                    ROTARY,
                                    List.of(part, part(8, 0, 0)),
                                    new int[] {0, 3, 2},
                                    new int[] {0, 0}),
                    "starts: expected ascending numbers, found 3 before 2");
        }
    }

    @Test
    void thereAreAsManyNumbersAsBuffers() throws Exception {
        assertRefused(
                part(8, 0, 2), new int[] {0, 1, 2}, new int[] {0}, "1 buffers", "2 in starts");
        assertRefused(part(8, 0, 2), new int[] {0, 2}, new int[] {0, 0}, "1 numbers in pasts");
    }

    @Test
    void buffersHaveTheLayerAndTheHeads() throws Exception {
        for (KeyValueBuffer wrong :
                List.of(
                        KeyValueBuffer.of(RaggedAttention.LAYER, HEADS, 8),
                        KeyValueBuffer.of(2, new Heads(4, 1, 16, -1), 8),
                        KeyValueBuffer.of(2, new Heads(4, 2, 8, -1), 8))) {
            Part part = new Part(wrong, 0, new float[HEADS.packed()]);
            assertRefused(part, new int[] {0, 1}, new int[] {0}, "buffer 0: expected the shape");
        }
    }

    @Test
    void modesAreKnown() throws Exception {
        assertRefused(Sight.whole(2).with(4), 12, "modes: sequence 0: expected 0 to 3, found 4");
        assertRefused(Sight.whole(2).with(-1), 12, "modes: sequence 0", "found -1");
    }

    @Test
    void rowsThatAreNotCausalStandInsideTheRotaryTables() throws Exception {
        for (int place : new int[] {9, -1}) {
            Sight sight = Sight.whole(2);
            sight.places()[1] = place;
            assertRefused(sight, 12, "places: row 1", "rows, 12", "found " + place + " behind 3");
        }
    }

    @Test
    void rowsThatAreNotCausalSeeSomeOfTheirSequence() throws Exception {
        Sight blind = Sight.whole(2);
        Arrays.fill(blind.sees()[1], false);
        assertRefused(blind, 12, "sights: row 1: expected some of the 2 new rows, found none");
        Sight three = Sight.whole(3);
        Part part = new Part(buffer(12), 3, new float[2 * HEADS.packed()], three);
        try (RaggedAttention attention = attention(HEADS, Layout.PACKED, 2)) {
            Part next = new Part(buffer(12), 0, new float[HEADS.packed()]);
            assertMessage(
                    () -> attention.run(ROTARY, List.of(part, next)),
                    "sights: row 0: expected some of the 2 new rows, found one behind them");
        }
    }

    @Test
    void thereIsAMaskAndAPlaceForEachRow() throws Exception {
        Part causal = new Part(buffer(12), 3, new float[2 * HEADS.packed()], Sight.CAUSAL.with(1));
        try (RaggedAttention attention = attention(HEADS, Layout.PACKED, 1)) {
            assertMessage(
                    () -> attention.run(ROTARY, List.of(causal)),
                    "not causal, so expected places [2] and sights [2, words]");
        }
        Part many = new Part(buffer(80), 0, new float[65 * HEADS.packed()], Sight.whole(1));
        try (RaggedAttention attention = attention(HEADS, Layout.PACKED, 1)) {
            assertMessage(
                    () -> attention.run(ROTARY, List.of(many)),
                    "sights: expected words for the 65 rows of sequence 0, found 1");
        }
    }

    @Test
    void whatIsKeptHasRoomBehindTheRows() throws Exception {
        for (int mode : new int[] {Sight.KEPT, Sight.REUSED}) {
            assertRefused(
                    Sight.whole(2).with(mode), 8, "room for 5 tokens and 4 kept rows", "found 8");
        }
    }

    private static KeyValueBuffer buffer(int capacity) {
        return KeyValueBuffer.of(RaggedAttention.LAYER + 1, HEADS, capacity);
    }

    /** Two rows behind three tokens. */
    private static void assertRefused(Sight sight, int capacity, String... message)
            throws OrtException {
        Part part = new Part(buffer(capacity), 3, new float[2 * HEADS.packed()], sight);
        assertRefused(part, new int[] {0, 2}, new int[] {3}, message);
    }

    @Test
    void rotaryTablesHaveHalfAHead() throws Exception {
        try (RaggedAttention attention = attention(HEADS, Layout.PACKED, 1)) {
            assertMessage(
                    () -> attention.run(Rotary.of(12, 32), List.of(part(8, 0, 1))),
                    "cos: expected the shape [positions, 8]");
        }
    }

    @Test
    void headsHaveASizeThatTheKernelsTake() throws Exception {
        for (int size : new int[] {4, 12, 264}) {
            Heads heads = new Heads(2, 1, size, -1);
            KeyValueBuffer buffer = KeyValueBuffer.of(2, heads, 8);
            Part part = new Part(buffer, 0, new float[heads.packed()]);
            try (RaggedAttention attention = attention(heads, Layout.PACKED, 1)) {
                assertMessage(
                        () -> attention.run(Rotary.of(12, size), List.of(part)),
                        "multiple of 8 up to 256, found rows of " + heads.packed());
            }
        }
    }

    @Test
    void queryHeadsAreAMultipleOfKeyValueHeads() {
        assertMessage(
                () -> attention(new Heads(3, 2, 16, -1), Layout.PACKED, 1),
                "num_heads a multiple of kv_num_heads",
                "found layer 1, num_heads 3, kv_num_heads 2");
        assertMessage(
                () -> attention(new Heads(2, 2, 16, 0), Layout.PACKED, 1),
                "local_window_size -1 or positive",
                "local_window_size 0");
    }

    @Test
    void instructionSetIsOneOfThem() {
        assertMessage(
                () -> new RaggedAttention(HEADS, Layout.PACKED, 1, "neon", 1),
                "slipstream.operators.isa: expected avx512, avx2 or scalar");
    }

    private static Part part(int capacity, int past, int rows) {
        return new Part(buffer(capacity), past, new float[rows * HEADS.packed()]);
    }

    private static RaggedAttention attention(Heads heads, Layout layout, int sequences)
            throws OrtException {
        return new RaggedAttention(heads, layout, sequences, InstructionSet.SCALAR, 1);
    }

    private static void assertRefused(Part part, int[] starts, int[] pasts, String... message)
            throws OrtException {
        try (RaggedAttention attention = attention(HEADS, Layout.SEPARATE, 1)) {
            assertMessage(() -> attention.run(ROTARY, List.of(part), starts, pasts), message);
        }
    }

    private static void assertMessage(ThrowingCallable call, String... message) {
        assertThatThrownBy(call)
                .isInstanceOf(OrtException.class)
                .hasMessageContaining("RaggedAttention: ")
                .hasMessageContainingAll(message);
    }
}
