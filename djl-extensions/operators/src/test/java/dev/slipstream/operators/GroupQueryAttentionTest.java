package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.operators.RaggedAttention.Layout;
import dev.slipstream.operators.RaggedAttention.Part;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GroupQueryAttentionTest {
    private static final int ROWS = 90;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @Test
    void raggedAttentionComputesTheSame() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int window : new int[] {-1, 1, 2, 17, 64, ROWS - 1, ROWS, 500}) {
            int[] sizes = {16, 32, 64, 96, 128};
            Heads drawn = Heads.draw(random, sizes[random.nextInt(sizes.length)]);
            Heads heads = new Heads(drawn.heads(), drawn.kvHeads(), drawn.size(), window);
            Rotary rotary = Rotary.of(ROWS, heads.size());
            float[] rows = heads.drawRows(random, ROWS);
            KeyValueBuffer buffer = KeyValueBuffer.of(RaggedAttention.LAYER + 1, heads, ROWS);
            InstructionSet set = InstructionSet.available().get(0);
            try (GroupQueryAttention theirs = new GroupQueryAttention(heads);
                    RaggedAttention ours = new RaggedAttention(heads, Layout.PACKED, 1, set, 1)) {
                float[] actual = ours.run(rotary, List.of(new Part(buffer, 0, rows)));
                float[] expected = theirs.run(rotary, rows);
                assertThat(actual).hasSameSizeAs(expected);
                double farthest = 0;
                for (int i = 0; i < actual.length; i++) {
                    farthest = Math.max(farthest, Math.abs((double) actual[i] - expected[i]));
                }
                assertThat(farthest).as("seed %d, %s", seed, heads).isLessThan(1e-5);
            }
        }
    }
}
