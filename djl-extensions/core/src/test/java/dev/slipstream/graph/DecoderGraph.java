package dev.slipstream.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Writes decoders for tests in the forms in which exporters write them. The weights of a branch
 * begin with its name, which is how a test knows what belongs to it.
 */
final class DecoderGraph {
    static final int HIDDEN = 8;
    static final int INNER = 12;
    static final int VOCABULARY = 20;

    final OnnxModel model = new OnnxModel("decoder");
    final GraphBuilder b = new GraphBuilder(model);
    private final String mask;
    private final String cos;
    private final String sin;

    DecoderGraph() {
        b.input("input_ids", ElementType.INT64, "batch", "length");
        mask = b.input("mask", ElementType.FLOAT, "batch", 1, "length", "total");
        String positions = b.input("position_ids", ElementType.INT64, "batch", "length");
        cos = b.node("Gather", b.initializer("cos", Tensors.weight(16, 4)), positions).output("c");
        sin = b.node("Gather", b.initializer("sin", Tensors.weight(16, 4)), positions).output("s");
        b.input("seqlens", ElementType.INT32, "batch");
        b.input("total", ElementType.INT32);
    }

    String embed() {
        String table = b.initializer("embedding", Tensors.weight(VOCABULARY, HIDDEN));
        return b.node("Gather", table, "input_ids").output("embedded");
    }

    void finish(String x) {
        String normed = norm(x, "final");
        b.output(linear(normed, "head", HIDDEN, VOCABULARY, "logits"), ElementType.FLOAT);
    }

    String weight(String name, long... shape) {
        return b.initializer(name, Tensors.weight(shape));
    }

    private String scalar(float value) {
        String name = "constant." + value;
        return model.initializers().containsKey(name)
                ? name
                : b.initializer(name, Tensors.floats(value));
    }

    String linear(String x, String name, int in, int out, String output) {
        return b.node("MatMul", x, weight(name + ".weight", in, out)).output(output);
    }

    String norm(String x, String name) {
        return b.node("SimplifiedLayerNormalization", x, weight(name + ".norm", HIDDEN))
                .attribute("epsilon", 1e-5f)
                .output(name + ".normed");
    }

    /** The norm as PyTorch's exporter writes it. */
    String plainNorm(String x, String name) {
        String square = b.node("Pow", x, scalar(2)).output("square");
        String mean = b.node("ReduceMean", square).output("mean");
        String safe = b.node("Add", mean, scalar(1e-5f)).output("safe");
        String root = b.node("Sqrt", safe).output("root");
        String scaled = b.node("Div", x, root).output("scaled");
        return b.node("Mul", weight(name + ".norm", HIDDEN), scaled).output("normed");
    }

    String fusedAttention(String x, String name, int layer) {
        String packed = linear(x, name + ".qkv", HIDDEN, 3 * HIDDEN, "packed");
        List<String> out =
                b.node(
                                "GroupQueryAttention",
                                "com.microsoft",
                                List.of(
                                        packed,
                                        "",
                                        "",
                                        b.input(past(layer, "key"), ElementType.FLOAT),
                                        b.input(past(layer, "value"), ElementType.FLOAT),
                                        "seqlens",
                                        "total"))
                        .attribute("num_heads", 2)
                        .outputs(name, "present." + layer + ".key", "present." + layer + ".value");
        out.subList(1, 3).forEach(value -> b.output(value, ElementType.FLOAT));
        return linear(out.get(0), name + ".out", HIDDEN, HIDDEN, name + ".out");
    }

    /** Softmax attention in single nodes, with rotary positions, mask, bias and a growing past. */
    String plainAttention(String x, String name, int layer) {
        String q = rotated(heads(biased(x, name + ".q")));
        String k = rotated(heads(biased(x, name + ".k")));
        String v = heads(biased(x, name + ".v"));
        String keys = grown(k, layer, "key");
        String values = grown(v, layer, "value");
        String turned = b.node("Transpose", keys).ints("perm", 0, 1, 3, 2).output("turned");
        String scores = b.node("MatMul", q, turned).output("scores");
        String scaled = b.node("Div", scores, scalar(2)).output("scaled");
        String masked = b.node("Add", scaled, mask).output("masked");
        String shares = b.node("Softmax", masked).attribute("axis", -1).output("shares");
        String mixed = b.node("MatMul", shares, values).output("mixed");
        String joined = b.node("Reshape", mixed, integers("merge", 0, 0, -1)).output("joined");
        return linear(joined, name + ".out", HIDDEN, HIDDEN, name + ".out");
    }

    private String biased(String x, String name) {
        String product = linear(x, name, HIDDEN, HIDDEN, "product");
        return b.node("Add", weight(name + ".bias", HIDDEN), product).output("biased");
    }

    private String heads(String x) {
        String split = b.node("Reshape", x, integers("split", 0, 0, 2, -1)).output("split");
        return b.node("Transpose", split).ints("perm", 0, 2, 1, 3).output("heads");
    }

    private String rotated(String x) {
        List<String> halves = b.node("Split", x).attribute("axis", -1).outputs("left", "right");
        String minus = b.node("Neg", halves.get(1)).output("minus");
        String turned =
                b.node("Concat", minus, halves.get(0)).attribute("axis", -1).output("turned");
        String even = b.node("Mul", x, cos).output("even");
        String odd = b.node("Mul", turned, sin).output("odd");
        return b.node("Add", even, odd).output("rotated");
    }

    private String grown(String x, int layer, String side) {
        String past = b.input(past(layer, side), ElementType.FLOAT);
        String all = b.node("Concat", past, x).attribute("axis", 2).output("all");
        String present = b.node("Identity", all).output("present." + layer + "." + side);
        b.output(present, ElementType.FLOAT);
        return all;
    }

    private static String past(int layer, String side) {
        return "past_key_values." + layer + "." + side;
    }

    String swiglu(String x, String name) {
        String gate = linear(x, name + ".gate", HIDDEN, INNER, "gate");
        String sigmoid = b.node("Sigmoid", gate).output("sigmoid");
        String silu = b.node("Mul", gate, sigmoid).output("silu");
        String up = linear(x, name + ".up", HIDDEN, INNER, "up");
        String product = b.node("Mul", silu, up).output("product");
        return linear(product, name + ".down", INNER, HIDDEN, name + ".down");
    }

    /** GPT-2's, with the tanh form of GELU in single nodes: x + 0.044715 x^3 is no residual. */
    String gelu(String x, String name) {
        String flat = b.node("Reshape", x, integers("flat", -1, HIDDEN)).output("flat");
        String up =
                b.node(
                                "Gemm",
                                flat,
                                weight(name + ".up.weight", HIDDEN, INNER),
                                weight(name + ".up.bias", INNER))
                        .output("up");
        String cube = b.node("Pow", up, scalar(3)).output("cube");
        String small = b.node("Mul", cube, scalar(0.044715f)).output("small");
        String sum = b.node("Add", up, small).output("sum");
        String tanh = b.node("Tanh", sum).output("tanh");
        String shifted = b.node("Add", tanh, scalar(1)).output("shifted");
        String gelu = b.node("Mul", up, shifted).output("gelu");
        return b.node(
                        "Gemm",
                        gelu,
                        weight(name + ".down.weight", INNER, HIDDEN),
                        weight(name + ".down.bias", HIDDEN))
                .output(name + ".down");
    }

    /** Two experts of which all run, weighted by a router's softmax through a product. */
    String experts(String x, String name) {
        String routes = linear(x, name + ".router", HIDDEN, 2, "routes");
        String shares = b.node("Softmax", routes).attribute("axis", -1).output("shares");
        String row = b.node("Unsqueeze", shares, integers("two", 2)).output("row");
        String one = swiglu(x, name + ".0");
        String other = swiglu(x, name + ".1");
        String both = b.node("Concat", one, other).attribute("axis", -2).output("both");
        return b.node("MatMul", row, both).output(name + ".experts");
    }

    String convolution(String x, String name, int layer) {
        String in = linear(x, name + ".in", HIDDEN, HIDDEN, "in");
        String past = b.input("past_conv." + layer, ElementType.FLOAT);
        String all = b.node("Concat", past, in).attribute("axis", -1).output("all");
        b.output(b.node("Identity", all).output("present_conv." + layer), ElementType.FLOAT);
        String mixed =
                b.node("Conv", all, weight(name + ".kernel", HIDDEN, 1, 4))
                        .attribute("group", HIDDEN)
                        .output("mixed");
        return linear(mixed, name + ".out", HIDDEN, HIDDEN, name + ".out");
    }

    String add(String x, String y, String name) {
        return b.node("Add", x, y).output(name);
    }

    private String integers(String name, long... values) {
        String constant = "shape." + name;
        if (!model.initializers().containsKey(constant)) {
            ByteBuffer data =
                    ByteBuffer.allocateDirect(Long.BYTES * values.length)
                            .order(ByteOrder.LITTLE_ENDIAN);
            data.asLongBuffer().put(values);
            b.initializer(
                    constant, new Tensor(ElementType.INT64, List.of((long) values.length), data));
        }
        return constant;
    }
}
