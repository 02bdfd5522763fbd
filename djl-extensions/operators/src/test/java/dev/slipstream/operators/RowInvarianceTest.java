package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.operators.RaggedAttention.Layout;
import dev.slipstream.operators.RaggedAttention.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every row has the same bits, whatever is computed in the same run. */
class RowInvarianceTest {
    private static final int POSITIONS = 200;
    private static final int COMPANIONS = 2;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @Test
    void bitsDependOnTheRowAlone() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            for (int size : Heads.SIZES) {
                Heads heads = Heads.draw(random, size);
                compare(heads, set, random, "seed %d, %s, %s".formatted(seed, set, heads));
            }
        }
    }

    private static void compare(Heads heads, InstructionSet set, Random random, String description)
            throws Exception {
        Rotary rotary = Rotary.of(POSITIONS, heads.size());
        float[] text = heads.drawRows(random, POSITIONS);
        try (RaggedAttention alone = new RaggedAttention(heads, Layout.PACKED, 1, set, 1);
                RaggedAttention twoThreads = new RaggedAttention(heads, Layout.PACKED, 1, set, 2);
                RaggedAttention separate = new RaggedAttention(heads, Layout.SEPARATE, 1, set, 1);
                RaggedAttention together =
                        new RaggedAttention(heads, Layout.PACKED, 1 + COMPANIONS, set, 2)) {
            Text whole = new Text(heads, rotary, text);
            whole.run(alone, () -> POSITIONS);
            Text oneByOne = new Text(heads, rotary, text);
            oneByOne.run(alone, () -> 1);
            assertSame(oneByOne, whole, "one by one, " + description);
            Text chunks = new Text(heads, rotary, text);
            chunks.run(alone, () -> random.nextInt(20));
            assertSame(chunks, whole, "chunks, " + description);
            Text threads = new Text(heads, rotary, text);
            threads.run(twoThreads, () -> 1 + random.nextInt(POSITIONS));
            assertSame(threads, whole, "two threads, " + description);
            Text apart = new Text(heads, rotary, text);
            apart.run(separate, () -> 1 + random.nextInt(POSITIONS));
            assertSame(apart, whole, "separate inputs, " + description);
            Text accompanied = new Text(heads, rotary, text);
            accompanied.runAmongOthers(together, random);
            assertSame(accompanied, whole, "among others, " + description);
        }
    }

    private static void assertSame(Text actual, Text expected, String description) {
        assertThat(actual.output).as(description).isEqualTo(expected.output);
        assertThat(actual.layer()).as(description).isEqualTo(expected.layer());
    }

    /** A sequence and the output of each of its positions. */
    private static final class Text {
        private final Heads heads;
        private final Rotary rotary;
        private final float[] rows;
        private final KeyValueBuffer buffer;
        private final float[] output;
        private int position;

        Text(Heads heads, Rotary rotary, float[] rows) {
            this.heads = heads;
            this.rotary = rotary;
            this.rows = rows;
            buffer = KeyValueBuffer.of(RaggedAttention.LAYER + 1, heads, POSITIONS);
            output = new float[POSITIONS * heads.output()];
        }

        void run(RaggedAttention attention, IntSupplier chunk) throws Exception {
            while (position < POSITIONS) {
                Part part = next(chunk.getAsInt());
                take(attention.run(rotary, List.of(part)), 0, part);
            }
        }

        void runAmongOthers(RaggedAttention attention, Random random) throws Exception {
            List<Text> others = new ArrayList<>();
            for (int i = 0; i < COMPANIONS; i++) {
                others.add(new Text(heads, rotary, heads.drawRows(random, POSITIONS)));
            }
            while (position < POSITIONS) {
                int place = random.nextInt(COMPANIONS + 1);
                List<Part> parts = new ArrayList<>();
                for (Text other : others) {
                    parts.add(other.next(random.nextInt(30)));
                }
                Part part = next(random.nextInt(30));
                parts.add(place, part);
                int row = 0;
                for (Part before : parts.subList(0, place)) {
                    row += before.rows().length / heads.packed();
                }
                take(attention.run(rotary, parts), row, part);
                for (int i = 0; i < COMPANIONS; i++) {
                    others.get(i).position +=
                            parts.get(i < place ? i : i + 1).rows().length / heads.packed();
                }
            }
        }

        private Part next(int most) {
            int to = Math.min(POSITIONS, position + most);
            return new Part(
                    buffer, position, RaggedAttention.rows(rows, heads.packed(), position, to));
        }

        private void take(float[] result, int row, Part part) {
            int count = part.rows().length / heads.packed();
            System.arraycopy(
                    result,
                    row * heads.output(),
                    output,
                    position * heads.output(),
                    count * heads.output());
            position += count;
        }

        private float[] layer() {
            float[] contents = buffer.contents();
            return RaggedAttention.rows(contents, contents.length / 2, RaggedAttention.LAYER, 2);
        }
    }
}
