package dev.slipstream.samples.benchmarks.micro;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;

/** Attention of a block whose rows see each other, of operators that every ONNX Runtime has. */
final class BlockAttentionGraph extends AttentionGraph {
    private static final String MICROSOFT = "com.microsoft";

    private final Form form;

    BlockAttentionGraph(AttentionHeads heads, int past, int rows, Form form) {
        super(heads, past, rows);
        this.form = form;
    }

    /** What computes, and how keys and values come in. */
    enum Form {
        /** The operator of ONNX 24 over a buffer that is written in place. */
        SCATTERED,
        /** The operator of ONNX 23, whose past and new rows become a longer present. */
        GROWING,
        /** ONNX Runtime's own, which has no groups: each query head has keys of its own. */
        MULTI_HEAD,
        /** Products and a softmax, over the filled part of a buffer that is written in place. */
        PRODUCTS,
        /** The same in two parts, what is held and the new rows: the form that models run in. */
        PARTS
    }

    private int keyHeads() {
        return form == Form.MULTI_HEAD ? heads.heads() : heads.kvHeads();
    }

    private boolean grows() {
        return form == Form.GROWING || form == Form.MULTI_HEAD;
    }

    @Override
    void write(GraphBuilder graph) {
        graph.model().opsets().put("", 24);
        graph.input("positions", ElementType.INT64, 1, rows);
        graph.input("bias", ElementType.FLOAT, 1, 1, rows, past + rows);
        if (!grows()) {
            graph.input("past", ElementType.INT64, 1);
            graph.input("total", ElementType.INT64, 1);
        }
        int size = heads.size();
        int group = heads.heads() / heads.kvHeads();
        ints(graph, "parts", heads.output(), heads.kvHeads() * size, heads.kvHeads() * size);
        ints(graph, "query_heads", 1, rows, heads.heads(), size);
        ints(graph, "key_heads", 1, rows, heads.kvHeads(), size);
        ints(graph, "grouped", 1, heads.kvHeads(), group * rows, size);
        ints(graph, "apart", 1, heads.heads(), rows, size);
        ints(graph, "row", 1, rows, heads.output());
        ints(graph, "zero", 0);
        ints(graph, "time", 2);
        ints(graph, "one", 1);
        ints(graph, "numbers", 3);
        ints(graph, "last", -1);
        ints(graph, "all", Integer.MAX_VALUE);
        ints(graph, "rows_apart", 1, heads.heads(), rows, -1);
        ints(graph, "rows_grouped", 1, heads.kvHeads(), group * rows, -1);
        ints(graph, "sideways", 1, 1, 1, group);
        ints(graph, "downwards", 1, 1, group, 1);
        graph.node("Tile", "bias", "downwards").output("bias.grouped");
        for (int layer = 0; layer < LAYERS; layer++) {
            layer(graph, layer);
        }
    }

    private void layer(GraphBuilder graph, int layer) {
        String at = "." + layer;
        List<String> parts =
                graph.node("Split", "query", "parts")
                        .attribute("axis", 2)
                        .outputs("q" + at, "k" + at, "v" + at);
        String query = rotated(graph, parts.get(0), "query_heads", "query" + at);
        String key = rotated(graph, parts.get(1), "key_heads", "key" + at);
        String apart = graph.node("Reshape", parts.get(2), "key_heads").output("value.heads" + at);
        String value = transposed(graph, apart, "value" + at);
        int capacity = past + (grows() ? 0 : rows);
        Object[] shape = {1, keyHeads(), capacity, heads.size()};
        Object[] longer = {1, keyHeads(), past + rows, heads.size()};
        for (String side : List.of("key", "value")) {
            graph.input("past_" + side + at, ElementType.FLOAT, shape);
        }
        String result =
                switch (form) {
                    case SCATTERED -> scattered(graph, query, key, value, at);
                    case GROWING -> growing(graph, query, key, value, at);
                    case MULTI_HEAD -> multiHead(graph, query, key, value, at);
                    case PRODUCTS -> products(graph, query, key, value, at);
                    case PARTS -> parts(graph, query, key, value, at);
                };
        for (String side : List.of("key", "value")) {
            graph.output("present_" + side + at, ElementType.FLOAT, longer);
        }
        String rows = form == Form.MULTI_HEAD ? result : transposed(graph, result, "rows" + at);
        graph.node("Reshape", rows, "row").output(result(layer));
    }

    private String rotated(GraphBuilder graph, String x, String shape, String name) {
        String apart = graph.node("Reshape", x, shape).output(name + ".heads");
        String first = transposed(graph, apart, name + ".first");
        return graph.node("RotaryEmbedding", first, "cos", "sin", "positions").output(name);
    }

    private static String transposed(GraphBuilder graph, String x, String name) {
        return graph.node("Transpose", x).ints("perm", 0, 2, 1, 3).output(name);
    }

    private String scattered(GraphBuilder graph, String q, String k, String v, String at) {
        String keys = scatter(graph, "key", k, at);
        String values = scatter(graph, "value", v, at);
        return graph.node("Attention", q, keys, values, "bias", "", "", "total")
                .attribute("scale", heads.scale())
                .output("attended" + at);
    }

    private static String scatter(GraphBuilder graph, String side, String update, String at) {
        return graph.node("TensorScatter", "past_" + side + at, update, "past")
                .attribute("axis", 2)
                .output("present_" + side + at);
    }

    private String growing(GraphBuilder graph, String q, String k, String v, String at) {
        return graph.node("Attention", q, k, v, "bias", "past_key" + at, "past_value" + at)
                .attribute("scale", heads.scale())
                .outputs("attended" + at, "present_key" + at, "present_value" + at)
                .get(0);
    }

    private String multiHead(GraphBuilder graph, String q, String k, String v, String at) {
        String query = together(graph, transposed(graph, q, "q.rows" + at), "q.row" + at);
        String key = repeated(graph, k, "k" + at);
        String value = repeated(graph, v, "v" + at);
        NodeBuilder node =
                graph.node(
                        "MultiHeadAttention",
                        MICROSOFT,
                        List.of(
                                query,
                                key,
                                value,
                                "",
                                "",
                                "bias",
                                "past_key" + at,
                                "past_value" + at));
        return node.attribute("num_heads", heads.heads())
                .attribute("scale", heads.scale())
                .outputs("attended" + at, "present_key" + at, "present_value" + at)
                .get(0);
    }

    private static String together(GraphBuilder graph, String x, String name) {
        return graph.node("Reshape", x, "row").output(name);
    }

    private static String repeated(GraphBuilder graph, String x, String name) {
        String rows = transposed(graph, x, name + ".rows");
        String wide = graph.node("Tile", rows, "sideways").output(name + ".wide");
        return together(graph, wide, name + ".repeated");
    }

    private String products(GraphBuilder graph, String q, String k, String v, String at) {
        String keys = filled(graph, scatter(graph, "key", k, at), "keys" + at);
        String values = filled(graph, scatter(graph, "value", v, at), "values" + at);
        String query = graph.node("Reshape", q, "grouped").output("grouped" + at);
        String scores = scores(graph, query, keys, "scores" + at);
        String biased = graph.node("Add", scores, "bias.grouped").output("biased" + at);
        String weights = graph.node("Softmax", biased).attribute("axis", -1).output("weights" + at);
        String sums = graph.node("MatMul", weights, values).output("sums" + at);
        return graph.node("Reshape", sums, "apart").output("attended" + at);
    }

    private String parts(GraphBuilder graph, String q, String k, String v, String at) {
        String query = graph.node("Reshape", q, "grouped").output("grouped" + at);
        String keys =
                graph.node("Slice", "past_key" + at, "zero", "past", "time").output("h.k" + at);
        String values =
                graph.node("Slice", "past_value" + at, "zero", "past", "time").output("h.v" + at);
        String scores = scores(graph, query, keys, "h.scores" + at);
        String weights =
                graph.node("Softmax", scores).attribute("axis", -1).output("h.weights" + at);
        String highest = graph.node("ReduceMax", scores, "last").output("h.highest" + at);
        String largest = graph.node("ReduceMax", weights, "last").output("h.largest" + at);
        String logarithm = graph.node("Log", largest).output("h.logarithm" + at);
        String score = graph.node("Sub", highest, logarithm).output("h.score" + at);
        String held = graph.node("MatMul", weights, values).output("h.sums" + at);
        String products = scores(graph, query, k, "n.scores" + at);
        String own = graph.node("Reshape", products, "rows_apart").output("n.apart" + at);
        String one = graph.node("Reshape", score, "rows_apart").output("h.apart" + at);
        String both = graph.node("Concat", one, own).attribute("axis", -1).output("both" + at);
        String shares = graph.node("Softmax", both).attribute("axis", -1).output("shares" + at);
        String first = graph.node("Slice", shares, "zero", "one", "numbers").output("h.share" + at);
        String others =
                graph.node("Slice", shares, "one", "all", "numbers").output("n.shares" + at);
        String grouped = graph.node("Reshape", others, "rows_grouped").output("n.grouped" + at);
        String sums = graph.node("MatMul", grouped, v).output("n.sums" + at);
        String newSums = graph.node("Reshape", sums, "apart").output("n.result" + at);
        String heldSums = graph.node("Reshape", held, "apart").output("h.result" + at);
        String weighted = graph.node("Mul", heldSums, first).output("h.weighted" + at);
        scatter(graph, "key", k, at);
        scatter(graph, "value", v, at);
        return graph.node("Add", weighted, newSums).output("attended" + at);
    }

    private String scores(GraphBuilder graph, String query, String keys, String name) {
        return graph.node("FusedMatMul", MICROSOFT, List.of(query, keys))
                .attribute("transB", 1)
                .attribute("alpha", heads.scale())
                .output(name);
    }

    private static String filled(GraphBuilder graph, String buffer, String name) {
        return graph.node("Slice", buffer, "zero", "total", "time").output(name);
    }

    @Override
    void configure(OrtSession.SessionOptions options) {
        // ONNX Runtime's defaults.
    }

    @Override
    void bind() throws OrtException {
        long[] positions = new long[rows];
        for (int i = 0; i < rows; i++) {
            positions[i] = past + i;
        }
        input("positions", longs(positions, 1, rows));
        input("bias", floats(buffer(rows * (past + rows)), 1, 1, rows, past + rows));
        if (!grows()) {
            input("past", longs(new long[] {past}, 1));
            input("total", longs(new long[] {past + rows}, 1));
        }
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int which = 0; which < 2; which++) {
                String name = (which == 0 ? "key." : "value.") + layer;
                FloatBuffer values = buffer(pastLength());
                drawPast(values, layer, which);
                if (grows()) {
                    input("past_" + name, tensor(cut(values), past));
                    int length = keyHeads() * (past + rows) * heads.size();
                    output("present_" + name, tensor(buffer(length), past + rows));
                } else {
                    OnnxTensor both = tensor(values, past + rows);
                    input("past_" + name, both);
                    output("present_" + name, both);
                }
            }
        }
    }

    private OnnxTensor tensor(FloatBuffer values, int length) throws OrtException {
        return floats(values, 1, keyHeads(), length, heads.size());
    }

    /**
     * Takes the rows that are held out of those with room behind, for each head that wants them.
     */
    private FloatBuffer cut(FloatBuffer values) {
        int row = heads.size();
        FloatBuffer result = buffer(keyHeads() * past * row);
        for (int head = 0; head < keyHeads(); head++) {
            int source = head * heads.kvHeads() / keyHeads();
            result.put(head * past * row, values, source * (past + rows) * row, past * row);
        }
        return result;
    }

    private static void ints(GraphBuilder graph, String name, long... values) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(values.length * Long.BYTES)
                        .order(ByteOrder.nativeOrder());
        for (long value : values) {
            data.putLong(value);
        }
        graph.initializer(
                name, new Tensor(ElementType.INT64, List.of((long) values.length), data.flip()));
    }
}
