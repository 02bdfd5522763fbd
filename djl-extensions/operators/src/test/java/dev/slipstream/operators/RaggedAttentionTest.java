package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.operators.RaggedAttention.Layout;
import dev.slipstream.operators.RaggedAttention.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RaggedAttentionTest {
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
                String description = "seed %d, %s, %s, %s".formatted(seed, set, heads, layout);
                compare(heads, layout, set, random, description);
            }
        }
    }

    private static void compare(
            Heads heads, Layout layout, InstructionSet set, Random random, String description)
            throws Exception {
        int sequences = 1 + random.nextInt(3);
        Rotary rotary = Rotary.of(720, heads.size());
        List<float[]> texts = new ArrayList<>();
        List<Part> pasts = new ArrayList<>();
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < sequences; i++) {
            int past = random.nextInt(4) == 0 ? 0 : random.nextInt(701);
            int rows = random.nextInt(10);
            float[] text = heads.drawRows(random, past + rows);
            int length = heads.packed();
            KeyValueBuffer buffer =
                    KeyValueBuffer.of(RaggedAttention.LAYER + 1, heads, past + rows + 1);
            texts.add(text);
            pasts.add(new Part(buffer, 0, RaggedAttention.rows(text, length, 0, past)));
            parts.add(
                    new Part(buffer, past, RaggedAttention.rows(text, length, past, past + rows)));
        }
        try (RaggedAttention attention = new RaggedAttention(heads, layout, sequences, set, 1)) {
            float[] before = attention.run(rotary, pasts);
            float[] output = attention.run(rotary, parts);
            int rowBefore = 0;
            int row = 0;
            for (int i = 0; i < sequences; i++) {
                AttentionReference reference = new AttentionReference(heads, rotary, texts.get(i));
                int past = parts.get(i).past();
                int rows = parts.get(i).rows().length / heads.packed();
                for (int position = 0; position < past; position += 1 + random.nextInt(400)) {
                    check(reference, position, before, rowBefore + position, heads, description);
                }
                for (int position = past; position < past + rows; position++) {
                    check(reference, position, output, row + position - past, heads, description);
                }
                rowBefore += past;
                row += rows;
                assertThat(RaggedAttention.rows(pasts.get(i).buffer().contents(), 1, 0, 8))
                        .as("the layer before, %s", description)
                        .containsOnly(Float.NaN);
            }
            assertThat(output).as(description).hasSize(row * heads.output());
        }
    }

    private static void check(
            AttentionReference reference,
            int position,
            float[] output,
            int row,
            Heads heads,
            String description) {
        double[] expected = reference.output(position);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) output[row * heads.output() + i])
                    .as("position %d, element %d, %s", position, i, description)
                    .isCloseTo(expected[i], within(1e-5));
        }
    }
}
