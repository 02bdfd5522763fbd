package dev.slipstream.oracle;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Writes an {@link OracleEncoder} as a graph, in the forms in which encoders are exported. */
public final class ExportedEncoder {
    private static final String MICROSOFT = "com.microsoft";

    /** How an exporter writes it. */
    public enum Form {
        /** PyTorch's: norm, GELU and attention in single nodes. */
        PLAIN,
        /** Later operator sets': the norm is one node. */
        NORMS,
        /** ONNX Runtime's optimizer: the norm is in the residual add, attention is one node. */
        FUSED,
        /** Products with weights in 8 bits, their activations quantised as they come. */
        INT8
    }

    private final OracleEncoder encoder;
    private final Form form;
    private final OnnxModel model = new OnnxModel("encoder");
    private final GraphBuilder b = new GraphBuilder(model);
    private final String mask;

    private ExportedEncoder(OracleEncoder encoder, Form form) {
        this.encoder = encoder;
        this.form = form;
        b.input("input_ids", ElementType.INT64, "batch", "length");
        String given = b.input("attention_mask", ElementType.INT64, "batch", "length");
        b.input("token_type_ids", ElementType.INT64, "batch", "length");
        mask = form == Form.FUSED ? cast(given, ElementType.INT32) : additive(given);
    }

    /** Returns the graph, with a pooler as second output. */
    public static OnnxModel write(OracleEncoder encoder, Form form) {
        ExportedEncoder exported = new ExportedEncoder(encoder, form);
        exported.write();
        exported.model.validate();
        return exported.model;
    }

    private void write() {
        String x = norm(embed(), "embeddings");
        for (int i = 0; i < encoder.layers; i++) {
            String a = "l" + i + ".a";
            String f = "l" + i + ".f";
            x = addAndNorm(attention(x, a), x, a + ".add", i + ".attention");
            x = addAndNorm(feedForward(x, f), x, f + ".add", i + ".output");
        }
        b.output(x, ElementType.FLOAT, "batch", "length", encoder.hidden);
        String first = b.node("Gather", x, number("zero", 0)).attribute("axis", 1).output("first");
        String pooled = b.node("Tanh", linear(first, "pooler")).output("pooled");
        b.output(pooled, ElementType.FLOAT, "batch", encoder.hidden);
    }

    private String embed() {
        String shape = b.node("Shape", "input_ids").output("shape");
        String length = b.node("Gather", shape, number("one", 1)).output("length");
        String end = b.node("Unsqueeze", length, integers("axis", 0)).output("end");
        long[] all = new long[OracleEncoder.POSITIONS];
        for (int i = 0; i < all.length; i++) {
            all[i] = i;
        }
        String positions =
                b.node("Slice", integers("positions", all), integers("start", 0), end)
                        .output("some");
        String words = b.node("Gather", table("word"), "input_ids").output("words");
        String types = b.node("Gather", table("type"), "token_type_ids").output("types");
        String places = b.node("Gather", table("position"), positions).output("places");
        String sum = b.node("Add", words, types).output("sum");
        return b.node("Add", sum, places).output("embedded");
    }

    private String addAndNorm(String branch, String x, String name, String norm) {
        if (form == Form.FUSED) {
            return b.node(
                            "SkipLayerNormalization",
                            MICROSOFT,
                            List.of(branch, x, gamma(norm), beta(norm)))
                    .attribute("epsilon", (float) OracleEncoder.EPSILON)
                    .output(name);
        }
        return norm(b.node("Add", branch, x).output(name), norm);
    }

    private String norm(String x, String name) {
        if (form == Form.NORMS || form == Form.FUSED) {
            return b.node("LayerNormalization", x, gamma(name), beta(name))
                    .attribute("axis", -1)
                    .attribute("epsilon", (float) OracleEncoder.EPSILON)
                    .output(name + ".normed");
        }
        String mean = b.node("ReduceMean", x, integers("last", -1)).output("mean");
        String centred = b.node("Sub", x, mean).output("centred");
        String square = b.node("Pow", centred, scalar("two", 2)).output("square");
        String variance = b.node("ReduceMean", square, integers("last", -1)).output("variance");
        String safe = b.node("Add", variance, scalar("epsilon", 1e-12f)).output("safe");
        String root = b.node("Sqrt", safe).output("root");
        String scaled = b.node("Div", centred, root).output("scaled");
        String stretched = b.node("Mul", scaled, gamma(name)).output("stretched");
        return b.node("Add", stretched, beta(name)).output(name + ".normed");
    }

    private String attention(String x, String name) {
        String mixed = form == Form.FUSED ? fusedAttention(x, name) : plainAttention(x, name);
        return linear(mixed, name + ".o");
    }

    private String fusedAttention(String x, String name) {
        int n = encoder.hidden;
        float[] packed = new float[n * 3 * n];
        float[] biases = new float[3 * n];
        for (int part = 0; part < 3; part++) {
            String own = name + "." + "qkv".charAt(part);
            for (int i = 0; i < n; i++) {
                biases[part * n + i] = encoder.weights.get(own + ".bias")[i];
                for (int j = 0; j < n; j++) {
                    packed[i * 3 * n + part * n + j] =
                            encoder.weights.get(own + ".weight")[i * n + j];
                }
            }
        }
        String weight = b.initializer(name + ".qkv.weight", floats(packed, n, 3 * n));
        String bias = b.initializer(name + ".qkv.bias", floats(biases, 3 * n));
        return b.node("Attention", MICROSOFT, List.of(x, weight, bias, mask))
                .attribute("num_heads", encoder.heads)
                .output("mixed");
    }

    private String plainAttention(String x, String name) {
        int size = encoder.hidden / encoder.heads;
        String q = heads(linear(x, name + ".q"), 0, 2, 1, 3);
        String k = heads(linear(x, name + ".k"), 0, 2, 3, 1);
        String v = heads(linear(x, name + ".v"), 0, 2, 1, 3);
        String scores = b.node("MatMul", q, k).output("scores");
        String scaled =
                b.node("Div", scores, scalar("root.size", (float) Math.sqrt(size)))
                        .output("scaled");
        String masked = b.node("Add", scaled, mask).output("masked");
        String shares = b.node("Softmax", masked).attribute("axis", -1).output("shares");
        String mixed = b.node("MatMul", shares, v).output("mixed");
        String turned = b.node("Transpose", mixed).ints("perm", 0, 2, 1, 3).output("turned");
        return b.node("Reshape", turned, integers("joined", 0, 0, encoder.hidden)).output("joined");
    }

    /** As PyTorch's exporter writes a view: batch and length come from the value's own shape. */
    private String heads(String x, long... order) {
        String shape = b.node("Shape", x).output("shape");
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            String part = b.node("Gather", shape, number("part" + i, i)).output("part");
            parts.add(b.node("Unsqueeze", part, integers("axis", 0)).output("part"));
        }
        parts.add(integers("heads", encoder.heads));
        parts.add(integers("rest", -1));
        String view =
                b.node("Concat", parts.toArray(String[]::new)).attribute("axis", 0).output("view");
        String split = b.node("Reshape", x, view).output("split");
        return b.node("Transpose", split).ints("perm", order).output("heads");
    }

    private String feedForward(String x, String name) {
        String up = linear(x, name + ".up");
        String active;
        if (form == Form.FUSED) {
            active = b.node("Gelu", MICROSOFT, List.of(up)).output("active");
        } else {
            String narrow =
                    b.node("Div", up, scalar("root.two", (float) Math.sqrt(2))).output("narrow");
            String erf = b.node("Erf", narrow).output("erf");
            String shifted = b.node("Add", erf, scalar("unit", 1)).output("shifted");
            String product = b.node("Mul", up, shifted).output("product");
            active = b.node("Mul", product, scalar("half", 0.5f)).output("active");
        }
        return linear(active, name + ".down");
    }

    private String linear(String x, String name) {
        float[] weight = encoder.weights.get(name + ".weight");
        int out = encoder.weights.get(name + ".bias").length;
        int in = weight.length / out;
        String product =
                form == Form.INT8
                        ? quantised(x, name, weight, in, out)
                        : b.node(
                                        "MatMul",
                                        x,
                                        b.initializer(name + ".weight", floats(weight, in, out)))
                                .output("product");
        String bias =
                b.initializer(name + ".bias", floats(encoder.weights.get(name + ".bias"), out));
        return b.node("Add", bias, product).output(name);
    }

    private String quantised(String x, String name, float[] weight, int in, int out) {
        float most = 0;
        for (float value : weight) {
            most = Math.max(most, Math.abs(value));
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(weight.length);
        for (float value : weight) {
            bytes.put((byte) Math.round(value / most * 127));
        }
        String packed =
                b.initializer(
                        name + ".weight",
                        new Tensor(ElementType.INT8, List.of((long) in, (long) out), bytes.flip()));
        List<String> rounded =
                b.node("DynamicQuantizeLinear", x).outputs("rounded", "scale", "zero");
        String product =
                b.node("MatMulInteger", rounded.get(0), packed, rounded.get(2)).output("whole");
        String scale =
                b.node("Mul", rounded.get(1), scalar(name + ".scale", most / 127)).output("both");
        return b.node("Mul", cast(product, ElementType.FLOAT), scale).output("product");
    }

    private String additive(String given) {
        String row = b.node("Unsqueeze", given, integers("row", 1, 2)).output("row");
        String kept = cast(row, ElementType.FLOAT);
        String left = b.node("Sub", scalar("whole", 1), kept).output("left");
        return b.node("Mul", left, scalar("lowest", -10000)).output("mask");
    }

    private String cast(String x, ElementType type) {
        return b.node("Cast", x).attribute("to", type.code()).output("cast");
    }

    private String table(String name) {
        float[] values = encoder.weights.get(name);
        return b.initializer(name, floats(values, values.length / encoder.hidden, encoder.hidden));
    }

    private String gamma(String norm) {
        return b.initializer(
                "norm." + norm + ".gamma",
                floats(encoder.weights.get("norm." + norm + ".gamma"), encoder.hidden));
    }

    private String beta(String norm) {
        return b.initializer(
                "norm." + norm + ".beta",
                floats(encoder.weights.get("norm." + norm + ".beta"), encoder.hidden));
    }

    private String scalar(String name, float value) {
        return once("constant." + name, floats(new float[] {value}));
    }

    private String number(String name, long value) {
        return once("number." + name, integers(new long[] {value}));
    }

    private String integers(String name, long... values) {
        return once("integers." + name, integers(values, values.length));
    }

    private String once(String name, Tensor tensor) {
        return model.initializers().containsKey(name) ? name : b.initializer(name, tensor);
    }

    private static Tensor integers(long[] values, long... shape) {
        ByteBuffer data = direct(Long.BYTES * values.length);
        data.asLongBuffer().put(values);
        return new Tensor(ElementType.INT64, dimensions(shape), data);
    }

    private static Tensor floats(float[] values, long... shape) {
        ByteBuffer data = direct(Float.BYTES * values.length);
        data.asFloatBuffer().put(values);
        return new Tensor(ElementType.FLOAT, dimensions(shape), data);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static List<Long> dimensions(long... shape) {
        List<Long> dimensions = new ArrayList<>();
        for (long dimension : shape) {
            dimensions.add(dimension);
        }
        return dimensions;
    }
}
