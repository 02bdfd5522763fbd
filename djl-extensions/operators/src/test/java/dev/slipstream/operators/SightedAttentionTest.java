package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.operators.RaggedAttention.Layout;
import dev.slipstream.operators.RaggedAttention.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Rows that see each other in any way, at any places. */
class SightedAttentionTest {
    private static final int POSITIONS = 900;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @Test
    void isWhatThePlainReferenceComputes() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            for (int size : Heads.SIZES) {
                Heads heads = Heads.draw(random, size);
                Layout layout = Layout.values()[random.nextInt(2)];
                int threads = 1 + random.nextInt(2);
                String description = "seed %d, %s, %s, %s".formatted(seed, set, heads, layout);
                List<Case> cases = new ArrayList<>();
                for (Sight sight : drawn(random)) {
                    cases.add(new Case(heads, random, past(random), sight));
                }
                Collections.shuffle(cases, random);
                try (RaggedAttention attention =
                        new RaggedAttention(heads, layout, cases.size(), set, threads)) {
                    run(attention, cases);
                    for (Case one : cases) {
                        one.check(description);
                    }
                }
            }
        }
    }

    /** In runs of their own, mixed, and with what was read of the past kept and used again. */
    @Test
    void bitsDependOnTheRowAndWhatItSees() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            for (int size : Heads.SIZES) {
                Heads heads = Heads.draw(random, size);
                String description = "seed %d, %s, %s".formatted(seed, set, heads);
                List<Case> cases = new ArrayList<>();
                for (Sight sight : drawn(random)) {
                    cases.add(new Case(heads, random, past(random), sight));
                }
                cases.add(new Case(heads, random, past(random), 1 + random.nextInt(60)));
                try (RaggedAttention alone = new RaggedAttention(heads, Layout.PACKED, 1, set, 1);
                        RaggedAttention together =
                                new RaggedAttention(heads, Layout.PACKED, cases.size(), set, 2)) {
                    for (Case one : cases) {
                        run(alone, List.of(one));
                    }
                    List<float[]> expected = cases.stream().map(one -> one.output).toList();
                    List<Case> order = new ArrayList<>(cases);
                    Collections.shuffle(order, random);
                    run(together, order);
                    assertOutputs(cases, expected, "together, " + description);
                    for (int mode : new int[] {Sight.KEPT, Sight.REUSED}) {
                        cases.stream()
                                .filter(one -> one.sight.mode() > 0)
                                .forEach(one -> one.sight = one.sight.with(mode));
                        run(mode == Sight.KEPT ? together : alone, order);
                        assertOutputs(cases, expected, "mode " + mode + ", " + description);
                    }
                }
            }
        }
    }

    private static void assertOutputs(List<Case> cases, List<float[]> expected, String what) {
        for (int i = 0; i < cases.size(); i++) {
            assertThat(cases.get(i).output).as("case %d, %s", i, what).isEqualTo(expected.get(i));
        }
    }

    /** Rows that are not seen, and how many there are, move no bit; not even if they are NaN. */
    @Test
    void whatIsNotSeenDoesNotCount() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            for (int size : Heads.SIZES) {
                Heads heads = Heads.draw(random, size);
                String description = "seed %d, %s, %s".formatted(seed, set, heads);
                int rows = 2 + random.nextInt(80);
                Sight sight = Sight.draw(random, rows, 100);
                int seen = random.nextInt(rows);
                for (boolean[] row : sight.sees()) {
                    Arrays.fill(row, seen + 1, rows, false);
                    row[random.nextInt(seen + 1)] = true;
                }
                Case all = new Case(heads, random, past(random), sight);
                boolean[][] fewer = new boolean[seen + 1][];
                for (int i = 0; i <= seen; i++) {
                    fewer[i] = Arrays.copyOf(sight.sees()[i], seen + 1);
                }
                int[] places = Arrays.copyOf(sight.places(), seen + 1);
                Case some = all.with(new Sight(Sight.COMPUTED, fewer, places));
                Arrays.fill(
                        all.text,
                        (all.past + seen + 1) * heads.packed(),
                        all.text.length,
                        Float.NaN);
                try (RaggedAttention attention =
                        new RaggedAttention(heads, Layout.PACKED, 1, set, 1)) {
                    run(attention, List.of(all));
                    run(attention, List.of(some));
                }
                assertThat(Arrays.copyOf(all.output, some.output.length))
                        .as(description)
                        .isEqualTo(some.output);
            }
        }
    }

    /** What is kept stands for the past, of which nothing is read. */
    @Test
    void thePastIsNotReadAgain() throws Exception {
        for (InstructionSet set : InstructionSet.available()) {
            Random random = new Random(5);
            Heads heads = Heads.draw(random, 64);
            for (int past : new int[] {0, 1, 300}) {
                Case one = new Case(heads, random, past, Sight.whole(8).with(Sight.KEPT));
                try (RaggedAttention attention =
                        new RaggedAttention(heads, Layout.PACKED, 1, set, 1)) {
                    run(attention, List.of(one));
                    float[] expected = one.output;
                    one.sight = one.sight.with(Sight.REUSED);
                    one.spoilPast();
                    one.keepsPast = true;
                    run(attention, List.of(one));
                    assertThat(one.output).as("%s, past %d", set, past).isEqualTo(expected);
                }
            }
        }
    }

    /** Scores up to some hundreds, and parts whose scores lie far from each other. */
    @Test
    void theMergeIsExactWhateverTheScores() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            for (int past : new int[] {0, 1, 64, 500}) {
                for (float gap : new float[] {-80, 0, 80}) {
                    Heads heads = new Heads(2, 1, 32, -1);
                    Case one = new Case(heads, random, past, Sight.whole(4).with(Sight.KEPT));
                    one.shiftScores(gap, gap == 0 ? 50 : 1);
                    try (RaggedAttention attention =
                            new RaggedAttention(heads, Layout.PACKED, 1, set, 1)) {
                        String description = "seed %d, past %d, gap %s".formatted(seed, past, gap);
                        run(attention, List.of(one));
                        one.check(description);
                        one.sight = one.sight.with(Sight.REUSED);
                        run(attention, List.of(one));
                        one.check("reused, " + description);
                    }
                }
            }
        }
    }

    private static List<Sight> drawn(Random random) {
        return List.of(
                Sight.whole(1 + random.nextInt(100)),
                Sight.causal(1 + random.nextInt(100)),
                Sight.twoCopies(1 + random.nextInt(70)),
                Sight.draw(random, 1 + random.nextInt(150), 200),
                Sight.draw(random, 1 + random.nextInt(10), 1));
    }

    private static int past(Random random) {
        return random.nextInt(3) == 0 ? 0 : random.nextInt(400);
    }

    private static void run(RaggedAttention attention, List<Case> cases) throws Exception {
        boolean alone = cases.size() > 1 && attention.sequences() == 1;
        if (alone) {
            for (Case one : cases) {
                run(attention, List.of(one));
            }
            return;
        }
        Heads heads = cases.get(0).heads;
        Rotary rotary = Rotary.of(POSITIONS, heads.size());
        attention.run(rotary, cases.stream().map(Case::before).toList());
        float[] output = attention.run(rotary, cases.stream().map(Case::part).toList());
        int from = 0;
        for (Case one : cases) {
            int to = from + one.rows * heads.output();
            one.output = Arrays.copyOfRange(output, from, to);
            from = to;
        }
        assertThat(output).hasSize(from);
    }

    /** A sequence: what it holds, its new rows and what those see. */
    private static final class Case {
        final Heads heads;
        final int past;
        final int rows;
        final float[] text;
        final KeyValueBuffer buffer;
        Sight sight;
        boolean keepsPast;
        double tolerance = 1e-5;
        float[] output = {};

        Case(Heads heads, Random random, int past, Sight sight) {
            this(heads, past, sight.places().length, draw(heads, random, past, sight), sight);
        }

        Case(Heads heads, Random random, int past, int rows) {
            this(heads, past, rows, heads.drawRows(random, past + rows), Sight.CAUSAL);
        }

        private Case(Heads heads, int past, int rows, float[] text, Sight sight) {
            this.heads = heads;
            this.past = past;
            this.rows = rows;
            this.text = text;
            this.sight = sight;
            int kept = rows * heads.heads() / heads.kvHeads();
            buffer = KeyValueBuffer.of(RaggedAttention.LAYER + 1, heads, past + rows + kept);
        }

        private static float[] draw(Heads heads, Random random, int past, Sight sight) {
            return heads.drawRows(random, past + sight.places().length);
        }

        Case with(Sight other) {
            int length = (past + other.places().length) * heads.packed();
            return new Case(heads, past, other.places().length, Arrays.copyOf(text, length), other);
        }

        Part before() {
            int length = keepsPast ? 0 : past;
            return new Part(buffer, 0, RaggedAttention.rows(text, heads.packed(), 0, length));
        }

        Part part() {
            float[] fresh = RaggedAttention.rows(text, heads.packed(), past, past + rows);
            return new Part(buffer, past, fresh, sight);
        }

        /** Overwrites all keys and values that are held. */
        void spoilPast() {
            int half = heads.kvHeads() * (int) buffer.shape()[3];
            for (int head = 0; head < 2 * heads.kvHeads(); head++) {
                int row = 2 * half * RaggedAttention.LAYER + head * (int) buffer.shape()[3];
                for (int i = 0; i < past * heads.size(); i++) {
                    buffer.floats().put(row * heads.size() + i, Float.NaN);
                }
            }
        }

        /** Multiplies all scores, and then adds to those of the past. */
        void shiftScores(float gap, float scale) {
            // 32-bit scores of some hundreds are right to 1e-5 themselves, those of 80 to 5e-6,
            // and so are the weights, each for itself: 1.5e-5 was seen in an output.
            tolerance = scale > 1 ? 1e-4 : 4e-5;
            int length = heads.packed();
            for (int row = 0; row < past + rows; row++) {
                for (int head = 0; head < heads.heads() + heads.kvHeads(); head++) {
                    int at = row * length + head * heads.size();
                    for (int i = 0; i < heads.size(); i++) {
                        text[at + i] *= (float) Math.sqrt(scale);
                    }
                    // The slowest rotation: it hardly turns over these positions.
                    int slow = heads.size() / 2 - 1;
                    text[at + slow] = head < heads.heads() ? 8 : row < past ? gap / 8 : 0;
                    text[at + slow] *= (float) Math.sqrt(Math.sqrt(heads.size()));
                    text[at + 2 * slow + 1] = 0;
                }
            }
        }

        void check(String description) {
            int[] positions =
                    IntStream.range(0, past + rows)
                            .map(i -> i < past || sight.mode() == 0 ? i : place(i))
                            .toArray();
            AttentionReference reference =
                    new AttentionReference(
                            heads, Rotary.of(POSITIONS, heads.size()), text, positions);
            for (int i = 0; i < rows; i++) {
                int row = i;
                double[] expected =
                        reference.output(
                                past + row,
                                key ->
                                        key < past
                                                ? reference.inWindow(past + row, key)
                                                : sight.sees()[row][key - past]);
                for (int j = 0; j < expected.length; j++) {
                    assertThat((double) output[row * heads.output() + j])
                            .as("row %d, element %d, past %d, %s", row, j, past, description)
                            .isCloseTo(expected[j], within(tolerance));
                }
            }
        }

        private int place(int row) {
            return past + sight.places()[row - past];
        }
    }
}
