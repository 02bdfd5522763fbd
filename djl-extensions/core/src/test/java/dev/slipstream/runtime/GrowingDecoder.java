package dev.slipstream.runtime;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The smallest decoder of the form that other exporters write. Its past has two heads of one number
 * a token: the token's id, and that id negated. Its logits are {@code logits[row][id] = sum(ids of
 * all tokens so far and new) + tokens[row] * (id + 1)}, so they show whether past, rows and
 * vocabulary are where they belong.
 */
public final class GrowingDecoder {
    private GrowingDecoder() {}

    /** Returns the logit that the graph computes, in plain Java. */
    public static float logit(int[] tokens, int row, int id) {
        int sum = 0;
        for (int token : tokens) {
            sum += token;
        }
        return sum + tokens[row] * (id + 1);
    }

    /**
     * Returns the graph.
     *
     * @param logits type of its output
     * @param keepsLogits whether it has the input that says how many rows are wanted
     */
    public static OnnxModel graph(int vocabulary, ElementType logits, boolean keepsLogits) {
        OnnxModel model = new OnnxModel("growing");
        model.opsets().put("", 17);
        GraphBuilder graph = new GraphBuilder(model);
        graph.input("input_ids", ElementType.INT64, 1, "n");
        graph.input("past_key_values.0.key", ElementType.FLOAT, 1, 2, "past", 1);
        String newest = graph.node("Cast", "input_ids").attribute("to", 1L).output("newest");
        graph.initializer("column", longs(1, 1, -1, 1));
        String column = graph.node("Reshape", newest, "column").output("newest_column");
        String negated = graph.node("Neg", column).output("negated");
        String heads = graph.node("Concat", column, negated).attribute("axis", 1L).output("heads");
        graph.node("Concat", "past_key_values.0.key", heads)
                .attribute("axis", 2L)
                .output("present.0.key");
        graph.output("present.0.key", ElementType.FLOAT, 1, 2, "total", 1);
        graph.initializer("first", longs(0));
        String first =
                graph.node("Gather", "present.0.key", "first")
                        .attribute("axis", 1L)
                        .output("first_head");
        graph.initializer("all", longs(1, 2, 3));
        String sum = graph.node("ReduceSum", first, "all").attribute("keepdims", 0L).output("sum");
        graph.initializer("rows", longs(1, -1, 1));
        String rows = graph.node("Reshape", newest, "rows").output("newest_rows");
        if (keepsLogits) {
            graph.input("num_logits_to_keep", ElementType.INT64);
            graph.initializer("one", longs(1));
            String kept =
                    graph.node(
                                    "Reshape",
                                    graph.node("Neg", "num_logits_to_keep").output("from"),
                                    "one")
                            .output("from_list");
            graph.initializer("end", longs(Long.MAX_VALUE));
            graph.initializer("axis", longs(1));
            rows = graph.node("Slice", rows, kept, "end", "axis").output("kept_rows");
        }
        graph.initializer("ids", ids(vocabulary));
        String own = graph.node("Mul", rows, "ids").output("own");
        String wide = graph.node("Add", own, sum).output("wide");
        graph.node("Cast", wide)
                .attribute(
                        "to",
                        logits == ElementType.FLOAT16
                                ? 10L
                                : logits == ElementType.DOUBLE ? 11L : 1L)
                .output("logits");
        graph.output("logits", logits, 1, "m", vocabulary);
        return model;
    }

    private static Tensor longs(long... values) {
        ByteBuffer data = direct(values.length * Long.BYTES);
        data.asLongBuffer().put(values);
        return new Tensor(ElementType.INT64, List.of((long) values.length), data);
    }

    private static Tensor ids(int vocabulary) {
        ByteBuffer data = direct(vocabulary * Float.BYTES);
        for (int id = 0; id < vocabulary; id++) {
            data.putFloat(id * Float.BYTES, id + 1);
        }
        return new Tensor(ElementType.FLOAT, List.of(1L, 1L, (long) vocabulary), data);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
