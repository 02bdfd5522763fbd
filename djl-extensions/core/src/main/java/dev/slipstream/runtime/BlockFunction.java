package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.FunctionProto;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Attention of new rows that see each other by a mask, as a function of an ONNX model. What is held
 * is one part; with its log-sum-exp as a score and its output as a value it is one more key for the
 * new rows, which are the other. So the two are merged by one softmax, and the first part can be
 * kept (FlashBlock, Chen and others 2026): it is written behind the new rows, into the buffers of
 * keys and values.
 *
 * @param heads of queries
 * @param kvHeads of keys and values
 * @param headSize numbers of each
 * @param scale of scores
 * @param layout how queries, keys and values come in
 * @param context whether what is read of what is held may be kept
 */
record BlockFunction(
        int heads, int kvHeads, int headSize, float scale, Layout layout, Context context) {
    /** Of its name; no native operator is called so. */
    static final String DOMAIN = "dev.slipstream.functions";

    private static final String MICROSOFT = "com.microsoft";

    /** How queries, keys and values come in. */
    enum Layout {
        /** Side by side. */
        PACKED,
        /** Each alone. */
        SEPARATE
    }

    /** What becomes of what is read of what is held. */
    enum Context {
        /** It is computed in every run. */
        COMPUTED,
        /** A run may keep it or use it again. */
        KEPT
    }

    boolean packed() {
        return layout == Layout.PACKED;
    }

    /** Returns the number of query heads that share a key/value head. */
    int group() {
        return heads / kvHeads;
    }

    /** Returns inputs, nodes and outputs, without a name and operator sets. */
    FunctionProto body() {
        OnnxModel model = new OnnxModel("block");
        Body body = new Body(this, new GraphBuilder(model));
        body.write();
        FunctionProto.Builder result = FunctionProto.newBuilder();
        result.addAllInput(packed() ? List.of("packed") : List.of("q", "k", "v"));
        result.addAllInput(List.of("past_key", "past_value", "cos", "sin"));
        result.addAllInput(List.of("positions", "bias", "length", "rows", "context_bias"));
        if (context == Context.KEPT) {
            result.addAllInput(List.of("reused", "kept_rows"));
        }
        result.addAllOutput(List.of("mixed", "present_key", "present_value"));
        return result.addAllNode(model.nodes()).build();
    }

    /**
     * What a run reads of what is held: {@code [1, kvHeads, group x n, headSize]} and {@code 1}.
     */
    private record Read(String output, String score) {}

    /** The nodes. */
    private record Body(BlockFunction of, GraphBuilder graph) {
        void write() {
            int size = of.headSize();
            List<String> parts = List.of("q", "k", "v");
            if (of.packed()) {
                String sizes =
                        ints("sizes", of.heads() * size, of.kvHeads() * size, of.kvHeads() * size);
                parts =
                        graph.node("Split", "packed", sizes)
                                .attribute("axis", 2)
                                .outputs("query_rows", "key_rows", "value_rows");
            }
            String query = rotated(heads(parts.get(0), of.heads(), "query"), "query");
            String key = rotated(heads(parts.get(1), of.kvHeads(), "key"), "key");
            String value = heads(parts.get(2), of.kvHeads(), "value");
            String grouped =
                    graph.node("Reshape", query, ints("by_group", 1, of.kvHeads(), -1, size))
                            .output("grouped");
            Read held = of.context() == Context.KEPT ? keptOrRead(grouped) : read(graph, grouped);
            merge(grouped, key, value, held);
            present(key, value, held);
        }

        private String heads(String rows, int count, String name) {
            String shape = ints(name + ".shape", 0, 0, count, of.headSize());
            String apart = graph.node("Reshape", rows, shape).output(name + ".apart");
            return transposed(apart, name + ".heads");
        }

        private String rotated(String heads, String name) {
            return graph.node("RotaryEmbedding", heads, "cos", "sin", "positions")
                    .output(name + ".rotated");
        }

        private String transposed(String x, String name) {
            return graph.node("Transpose", x).ints("perm", 0, 2, 1, 3).output(name);
        }

        /** Reads all that is held. */
        private Read read(GraphBuilder at, String query) {
            String start = ints("start", 0);
            String time = ints("time", 2);
            String keys = at.node("Slice", "past_key", start, "rows", time).output("held_keys");
            String values =
                    at.node("Slice", "past_value", start, "rows", time).output("held_values");
            String products = scores(at, query, keys, "held_products");
            String scores = at.node("Add", products, "context_bias").output("held_scores");
            String weights =
                    at.node("Softmax", scores).attribute("axis", -1).output("held_weights");
            // The largest weight is exp(largest score - log-sum-exp).
            String last = ints("last", -1);
            String score = at.node("ReduceMax", scores, last).output("held_maximum");
            String weight = at.node("ReduceMax", weights, last).output("held_largest");
            String logarithm = at.node("Log", weight).output("held_logarithm");
            return new Read(
                    at.node("MatMul", weights, values).output("held_output"),
                    at.node("Sub", score, logarithm).output("held_score"));
        }

        private Read keptOrRead(String query) {
            GraphBuilder then = graph.subgraph("kept");
            String counts =
                    then.node("Shape", query)
                            .attribute("start", 2)
                            .attribute("end", 3)
                            .output("count");
            String news = then.node("Shape", "positions").attribute("start", 1).output("new");
            String from = then.node("Add", "length", news).output("from");
            String to = then.node("Add", from, counts).output("to");
            String time = ints("kept_time", 2);
            String output = then.node("Slice", "past_key", from, to, time).output("kept_output");
            String wide = then.node("Slice", "past_value", from, to, time).output("kept_wide");
            String score =
                    then.node(
                                    "Slice",
                                    wide,
                                    ints("first", 0),
                                    ints("second", 1),
                                    ints("numbers", 3))
                            .output("kept_score");
            then.output(output, ElementType.FLOAT, 1, of.kvHeads(), "pairs", of.headSize());
            then.output(score, ElementType.FLOAT, 1, of.kvHeads(), "pairs", 1);
            GraphBuilder otherwise = graph.subgraph("computed");
            Read read = read(otherwise, query);
            otherwise.output(
                    read.output(), ElementType.FLOAT, 1, of.kvHeads(), "pairs", of.headSize());
            otherwise.output(read.score(), ElementType.FLOAT, 1, of.kvHeads(), "pairs", 1);
            List<String> held =
                    graph.node("If", "reused")
                            .attribute("then_branch", then.graph())
                            .attribute("else_branch", otherwise.graph())
                            .outputs("context_output", "context_score");
            return new Read(held.get(0), held.get(1));
        }

        /** Merges both parts. */
        private void merge(String query, String key, String value, Read held) {
            String each = ints("by_head", 1, of.heads(), -1, 0);
            String products = scores(graph, query, key, "new_products");
            String apart = graph.node("Reshape", products, each).output("new_apart");
            String scores = graph.node("Add", apart, "bias").output("new_scores");
            String context = graph.node("Reshape", held.score(), each).output("score_apart");
            String all =
                    graph.node("Concat", context, scores).attribute("axis", -1).output("scores");
            String weights = graph.node("Softmax", all).attribute("axis", -1).output("weights");
            String zero = ints("zero", 0);
            String one = ints("one", 1);
            String end = ints("end", Integer.MAX_VALUE);
            String last = ints("last_axis", 3);
            String first = graph.node("Slice", weights, zero, one, last).output("context_weights");
            String others = graph.node("Slice", weights, one, end, last).output("new_weights");
            String grouped =
                    graph.node("Reshape", others, ints("back", 1, of.kvHeads(), -1, 0))
                            .output("new_grouped");
            String sums = graph.node("MatMul", grouped, value).output("new_sums");
            String newApart = graph.node("Reshape", sums, each).output("sums_apart");
            String heldApart = graph.node("Reshape", held.output(), each).output("held_apart");
            String weighted = graph.node("Mul", heldApart, first).output("held_weighted");
            String sum = graph.node("Add", weighted, newApart).output("sum");
            String rows = transposed(sum, "sum_rows");
            String shape = ints("joined", 0, 0, of.heads() * of.headSize());
            graph.node("Reshape", rows, shape).output("mixed");
        }

        /** Writes keys and values, and what is to be kept behind them. */
        private void present(String key, String value, Read held) {
            String keys = key;
            String values = value;
            if (of.context() == Context.KEPT) {
                String from = ints("kept_from", 0);
                String time = ints("kept_axis", 2);
                String output =
                        graph.node("Slice", held.output(), from, "kept_rows", time)
                                .output("output_kept");
                String narrow =
                        graph.node("Slice", held.score(), from, "kept_rows", time)
                                .output("score_narrow");
                String wide =
                        graph.node("Expand", narrow, ints("width", 1, 1, 1, of.headSize()))
                                .output("score_kept");
                keys =
                        graph.node("Concat", key, output)
                                .attribute("axis", 2)
                                .output("keys_written");
                values =
                        graph.node("Concat", value, wide)
                                .attribute("axis", 2)
                                .output("values_written");
            }
            scatter("past_key", keys, "present_key");
            scatter("past_value", values, "present_value");
        }

        private void scatter(String buffer, String rows, String present) {
            graph.node("TensorScatter", buffer, rows, "length")
                    .attribute("axis", 2)
                    .output(present);
        }

        private String scores(GraphBuilder at, String query, String keys, String name) {
            return at.node("FusedMatMul", MICROSOFT, List.of(query, keys))
                    .attribute("transB", 1)
                    .attribute("alpha", of.scale())
                    .output(name);
        }

        /**
         * Never in a branch: ONNX Runtime gives the constants of branches of each call of a
         * function the same name when it saves a session, and then does not open it.
         */
        private String ints(String name, long... values) {
            ByteBuffer data = Buffers.allocate((long) values.length * Long.BYTES);
            for (long value : values) {
                data.putLong(value);
            }
            List<Long> shape = List.of((long) values.length);
            Tensor tensor = new Tensor(ElementType.INT64, shape, data.flip());
            return graph.node("Constant").attribute("value", tensor).output(name);
        }
    }
}
