package dev.slipstream.oracle;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.RotaryScaling;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Writes a plain Llama checkpoint as Optimum and transformers.js export one: a past that grows by
 * {@code Concat}, a mask, logits for all positions, nothing fused.
 */
public final class ExportedDecoder {
    /** How an export may differ from the usual form. */
    public enum Variant {
        /** Positions are counted from the mask, not an input. */
        NO_POSITION_IDS,
        /** ONNX's own Attention of operator set 23 in place of single nodes. */
        ATTENTION_OPERATOR,
        /** Two decoders, without and with past, in the branches of an If. */
        MERGED,
        /** Logits of the last rows alone, as many as an input says. */
        NUM_LOGITS_TO_KEEP,
        /** An input use_cache_branch that no node reads. */
        IGNORED_CACHE_BRANCH
    }

    private final DecoderConfig config;
    private final Weights weights;
    private final Set<Variant> variants;
    private final OnnxModel model = new OnnxModel("exported");
    private final GraphBuilder outer = new GraphBuilder(model);
    private final List<String> states = new ArrayList<>();
    private GraphBuilder b = outer;
    private boolean withPast = true;

    private ExportedDecoder(DecoderConfig config, Weights weights, Set<Variant> variants) {
        this.config = config;
        this.weights = weights;
        this.variants = variants;
    }

    /**
     * Writes an export.
     *
     * @param checkpoint directory of a Llama without biases and rope scaling
     * @param file where to write
     * @param variants how it differs from the usual form
     */
    public static void write(Path checkpoint, Path file, Set<Variant> variants) throws IOException {
        ModelFiles files = ModelFiles.of(checkpoint);
        new ExportedDecoder(DecoderConfig.read(files), SafeTensors.read(files), variants)
                .write(file);
    }

    private void write(Path file) throws IOException {
        if (variants.contains(Variant.ATTENTION_OPERATOR)) {
            model.opsets().put("", 23);
        }
        outer.input("input_ids", ElementType.INT64, "batch", "sequence");
        outer.input("attention_mask", ElementType.INT64, "batch", "total");
        if (!variants.contains(Variant.NO_POSITION_IDS)) {
            outer.input("position_ids", ElementType.INT64, "batch", "sequence");
        }
        if (variants.contains(Variant.NUM_LOGITS_TO_KEEP)) {
            outer.input("num_logits_to_keep", ElementType.INT64);
        }
        boolean merged = variants.contains(Variant.MERGED);
        if (merged || variants.contains(Variant.IGNORED_CACHE_BRANCH)) {
            outer.input("use_cache_branch", ElementType.BOOL, 1);
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            for (String side : List.of(".key", ".value")) {
                states.add("present." + layer + side);
                Object[] shape = {"batch", config.keyValueHeads(), "past", config.headSize()};
                outer.input("past_key_values." + layer + side, ElementType.FLOAT, shape);
            }
        }
        for (String name : weights.names()) {
            boolean matrix = weights.shape(name).size() == 2;
            outer.initializer(name, weights.tensor(name));
            if (matrix) {
                outer.node("Transpose", name).ints("perm", 1, 0).output(name + ".turned");
            }
        }
        if (merged) {
            writeBranches();
        } else {
            writeOutputs(decoder());
        }
        model.write(file);
    }

    private void writeOutputs(List<String> results) {
        List<String> names = names();
        for (int i = 0; i < names.size(); i++) {
            declare(outer.node("Identity", results.get(i)).output(names.get(i)));
        }
    }

    private void writeBranches() {
        GraphBuilder then = branch("with_past", true);
        GraphBuilder otherwise = branch("without_past", false);
        outer.node("If", "use_cache_branch")
                .attribute("then_branch", then.graph())
                .attribute("else_branch", otherwise.graph())
                .outputs(names().toArray(String[]::new))
                .forEach(this::declare);
    }

    private GraphBuilder branch(String name, boolean past) {
        b = outer.subgraph(name);
        withPast = past;
        for (String result : decoder()) {
            b.output(result, ElementType.FLOAT);
        }
        return b;
    }

    private List<String> names() {
        List<String> names = new ArrayList<>(states);
        names.add(0, "logits");
        return names;
    }

    private void declare(String output) {
        if (output.equals("logits")) {
            outer.output(output, ElementType.FLOAT, "batch", "sequence", config.vocabularySize());
        } else {
            outer.output(
                    output,
                    ElementType.FLOAT,
                    "batch",
                    config.keyValueHeads(),
                    "present",
                    config.headSize());
        }
    }

    /** Returns logits, keys and values. */
    private List<String> decoder() {
        List<String> results = new ArrayList<>();
        String positions = positions();
        Turn turn = turn(positions);
        String mask = mask(positions);
        String x = b.node("Gather", "model.embed_tokens.weight", "input_ids").output("x");
        for (int layer = 0; layer < config.layers(); layer++) {
            String at = "model.layers." + layer + ".";
            String normed = norm(x, at + "input_layernorm.weight");
            String attended = attention(normed, at + "self_attn.", layer, turn, mask, results);
            x = b.node("Add", x, attended).output("x");
            normed = norm(x, at + "post_attention_layernorm.weight");
            x = b.node("Add", x, feedForward(normed, at + "mlp.")).output("x");
        }
        if (variants.contains(Variant.NUM_LOGITS_TO_KEEP)) {
            String kept = b.node("Unsqueeze", "num_logits_to_keep", longs(0)).output("kept");
            String from = b.node("Neg", kept).output("from");
            x = b.node("Slice", x, from, longs(Long.MAX_VALUE), longs(1)).output("last");
        }
        String head = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
        results.add(0, linear(norm(x, "model.norm.weight"), head));
        return results;
    }

    private String attention(
            String x, String at, int layer, Turn turn, String mask, List<String> results) {
        String q = rotated(heads(linear(x, at + "q_proj.weight"), config.heads()), turn);
        String k = rotated(heads(linear(x, at + "k_proj.weight"), config.keyValueHeads()), turn);
        String v = heads(linear(x, at + "v_proj.weight"), config.keyValueHeads());
        String pastKey = "past_key_values." + layer + ".key";
        String pastValue = "past_key_values." + layer + ".value";
        String mixed;
        if (variants.contains(Variant.ATTENTION_OPERATOR)) {
            List<String> out =
                    b.node("Attention", "", List.of(q, k, v, mask, pastKey, pastValue))
                            .outputs("mixed", "keys", "values");
            mixed = out.get(0);
            results.addAll(out.subList(1, 3));
        } else {
            String keys = withPast ? grown(pastKey, k) : k;
            String values = withPast ? grown(pastValue, v) : v;
            results.addAll(List.of(keys, values));
            String turned =
                    b.node("Transpose", repeated(keys)).ints("perm", 0, 1, 3, 2).output("t");
            String scores = b.node("MatMul", q, turned).output("scores");
            float scale = (float) (1 / Math.sqrt(config.headSize()));
            String scaled = b.node("Mul", scores, floats(scale)).output("scaled");
            String masked = b.node("Add", scaled, mask).output("masked");
            String shares = b.node("Softmax", masked).attribute("axis", -1).output("shares");
            mixed = b.node("MatMul", shares, repeated(values)).output("mixed");
        }
        String back = b.node("Transpose", mixed).ints("perm", 0, 2, 1, 3).output("back");
        int width = config.heads() * config.headSize();
        String joined = b.node("Reshape", back, longs(0, 0, width)).output("joined");
        return linear(joined, at + "o_proj.weight");
    }

    private String feedForward(String x, String at) {
        String gate = linear(x, at + "gate_proj.weight");
        String sigmoid = b.node("Sigmoid", gate).output("sigmoid");
        String silu = b.node("Mul", gate, sigmoid).output("silu");
        String product = b.node("Mul", silu, linear(x, at + "up_proj.weight")).output("product");
        return linear(product, at + "down_proj.weight");
    }

    private String positions() {
        if (!variants.contains(Variant.NO_POSITION_IDS)) {
            return "position_ids";
        }
        String counted = b.node("CumSum", "attention_mask", scalar(1)).output("counted");
        String all = b.node("Sub", counted, longs(1)).output("all");
        String length = b.node("Shape", "input_ids").attribute("start", 1).output("length");
        String from = b.node("Neg", length).output("from");
        return b.node("Slice", all, from, longs(Long.MAX_VALUE), longs(1)).output("positions");
    }

    /** Zero where a query may look and minus a lot where not, {@code [1, 1, n, total]}. */
    private String mask(String positions) {
        String total = b.node("Shape", "attention_mask").attribute("start", 1).output("total");
        String last = b.node("Squeeze", total).output("last");
        String keys = b.node("Range", scalar(0), last, scalar(1)).output("range");
        String rows = b.node("Unsqueeze", positions, longs(1, 3)).output("rows");
        String later = b.node("Greater", keys, rows).output("later");
        String padding = b.node("Unsqueeze", "attention_mask", longs(1, 2)).output("padding");
        String absent = b.node("Equal", padding, longs(0)).output("absent");
        String hidden = b.node("Or", later, absent).output("hidden");
        return b.node("Where", hidden, floats(-3e38f), floats(0)).output("mask");
    }

    /** Cosines and sines, {@code [1, 1, n, headSize]}. */
    private record Turn(String cos, String sin) {}

    private Turn turn(String positions) {
        if (!(config.rotary() instanceof RotaryScaling.None)) {
            throw new IllegalArgumentException("expected no rope scaling: " + config.rotary());
        }
        float[] frequencies = new float[config.headSize()];
        for (int i = 0; i < frequencies.length; i++) {
            int pair = i % (frequencies.length / 2);
            double exponent = -2.0 * pair / frequencies.length;
            frequencies[i] = (float) Math.pow(config.rotary().theta(), exponent);
        }
        String column = b.node("Unsqueeze", positions, longs(1, 3)).output("column");
        String floats =
                b.node("Cast", column).attribute("to", ElementType.FLOAT.code()).output("floats");
        String angles = b.node("Mul", floats, floats(frequencies)).output("angles");
        return new Turn(b.node("Cos", angles).output("cos"), b.node("Sin", angles).output("sin"));
    }

    private String rotated(String x, Turn turn) {
        List<String> halves =
                b.node("Split", x)
                        .attribute("axis", -1)
                        .attribute("num_outputs", 2)
                        .outputs("left", "right");
        String minus = b.node("Neg", halves.get(1)).output("minus");
        String swapped =
                b.node("Concat", minus, halves.get(0)).attribute("axis", -1).output("swapped");
        String even = b.node("Mul", x, turn.cos()).output("even");
        String odd = b.node("Mul", swapped, turn.sin()).output("odd");
        return b.node("Add", even, odd).output("rotated");
    }

    private String heads(String x, int count) {
        String split = b.node("Reshape", x, longs(0, 0, count, config.headSize())).output("split");
        return b.node("Transpose", split).ints("perm", 0, 2, 1, 3).output("heads");
    }

    private String grown(String past, String x) {
        return b.node("Concat", past, x).attribute("axis", 2).output("grown");
    }

    /** Gives each query head its key and value head. */
    private String repeated(String x) {
        int group = config.heads() / config.keyValueHeads();
        String apart = b.node("Unsqueeze", x, longs(2)).output("apart");
        String more = b.node("Expand", apart, longs(1, 1, group, 1, 1)).output("more");
        long[] shape = {1, config.heads(), -1, config.headSize()};
        return b.node("Reshape", more, longs(shape)).output("repeated");
    }

    private String norm(String x, String weight) {
        String square = b.node("Mul", x, x).output("square");
        String mean = b.node("ReduceMean", square, longs(-1)).output("mean");
        String safe = b.node("Add", mean, floats((float) config.normEpsilon())).output("safe");
        String root = b.node("Sqrt", safe).output("root");
        String scaled = b.node("Div", x, root).output("scaled");
        return b.node("Mul", scaled, weight).output("normed");
    }

    private String linear(String x, String weight) {
        return b.node("MatMul", x, weight + ".turned").output("product");
    }

    private String longs(long... values) {
        return longs(List.of((long) values.length), values);
    }

    private String scalar(long value) {
        return longs(List.of(), value);
    }

    private String longs(List<Long> shape, long... values) {
        ByteBuffer data = bytes(Long.BYTES * values.length);
        data.asLongBuffer().put(values);
        String name = "longs" + shape + Arrays.toString(values);
        return constant(name, new Tensor(ElementType.INT64, shape, data));
    }

    private String floats(float... values) {
        ByteBuffer data = bytes(Float.BYTES * values.length);
        data.asFloatBuffer().put(values);
        List<Long> shape = List.of((long) values.length);
        return constant(
                "floats" + Arrays.toString(values), new Tensor(ElementType.FLOAT, shape, data));
    }

    private String constant(String name, Tensor value) {
        return model.initializers().containsKey(name) ? name : outer.initializer(name, value);
    }

    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocateDirect(count).order(ByteOrder.LITTLE_ENDIAN);
    }
}
