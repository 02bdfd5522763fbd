package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Graphs whose attention is not the one that the native operator replaces stay as they are. */
class OtherAttentionTest {
    private static final int SIZE = 8;

    @Test
    void aGraphWithoutTheAttentionKeepsItsKeysAndValues() {
        try (DecoderModel model =
                        DecoderModel.open(
                                joining(), 16, new RuntimeOptions(1, Spinning.OFF, 1, 4));
                DecoderSession one = model.newSession();
                DecoderSession two = model.newSession()) {
            assertThat(model.sharedSequences()).isEqualTo(1);
            assertThat(model.runtime()).doesNotContain("ragged");
            int[] tokens = {0, 0, 0};
            model.forward(
                    List.of(
                            new Turn(one, tokens, 0, 3, LogitRows.ALL),
                            new Turn(two, tokens, 0, 2, LogitRows.LAST)),
                    Depth.FULL);
            assertThat(one.length()).isEqualTo(3);
            assertThat(two.length()).isEqualTo(2);
        }
    }

    /** Joins past and new rows, of the ids themselves; logits of a vocabulary of one. */
    private static OnnxModel joining() {
        OnnxModel model = new OnnxModel("joining");
        model.opsets().put("", 17);
        GraphBuilder graph = new GraphBuilder(model);
        graph.input("input_ids", ElementType.INT64, 1, "n");
        graph.input("past_key_values.0.key", ElementType.FLOAT, 1, 1, "past", SIZE);
        String newest = graph.node("Cast", "input_ids").attribute("to", 1L).output("newest");
        graph.initializer("column", longs(1, 1, -1, 1));
        String column = graph.node("Reshape", newest, "column").output("newest_column");
        String rows =
                graph.node("Concat", Collections.nCopies(SIZE, column).toArray(String[]::new))
                        .attribute("axis", 3L)
                        .output("new_rows");
        graph.node("Concat", "past_key_values.0.key", rows)
                .attribute("axis", 2L)
                .output("present.0.key");
        graph.output("present.0.key", ElementType.FLOAT, 1, 1, "total", SIZE);
        graph.initializer("row", longs(1, -1, 1));
        graph.node("Reshape", newest, "row").output("logits");
        graph.output("logits", ElementType.FLOAT, 1, "n", 1);
        return model;
    }

    private static Tensor longs(long... values) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(values.length * Long.BYTES)
                        .order(ByteOrder.nativeOrder());
        for (long value : values) {
            data.putLong(value);
        }
        return new Tensor(ElementType.INT64, List.of((long) values.length), data.flip());
    }
}
