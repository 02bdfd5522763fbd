package dev.slipstream.pass;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Models of random weights with nested feed-forwards of 32, 64 and 128 neurons. */
final class NestedModels {
    static final int LAYERS = 3;
    static final List<Integer> WIDTHS = List.of(32, 64, 128);

    private NestedModels() {}

    static RandomModel drawn(String architecture, long seed) {
        return new RandomModel(architecture, seed)
                .with("num_hidden_layers", Integer.toString(LAYERS))
                .with("intermediate_size", "128")
                .with("slipstream", "{\"ffn_granularities\": [32, 64, 128]}");
    }

    static OnnxModel built(RandomModel drawn, Path directory, Precision precision)
            throws IOException {
        ModelFiles files = ModelFiles.of(drawn.write(directory));
        return DecoderGraphs.write(
                "tested", DecoderConfig.read(files), SafeTensors.read(files), precision, 64);
    }

    static OnnxModel exported(
            RandomModel drawn, Path directory, ExportedDecoder.Variant... variants)
            throws IOException {
        Path file = drawn.write(directory).resolve("model.onnx");
        ExportedDecoder.write(directory, file, Set.of(variants));
        return OnnxModel.read(file);
    }

    /** How a GELU between biased products can be written. */
    enum Gelu {
        /** One node. */
        FUSED,
        /** Single nodes around an error function. */
        PLAIN,
        /** One node that adds the bias, too. */
        BIASED
    }

    /** A stack of residual feed-forwards as GPT-2 has them, {@code [in, out]}, all biased. */
    static OnnxModel gelu(long seed, Gelu form) {
        Random random = new Random(seed);
        int hidden = 48;
        int neurons = 128;
        OnnxModel model = new OnnxModel("gelu");
        GraphBuilder b = new GraphBuilder(model);
        b.input("input_ids", ElementType.INT64, "n");
        String x =
                b.node(
                                "Gather",
                                b.initializer("embedding", floats(random, 1, 50, hidden)),
                                "input_ids")
                        .output("x");
        for (int i = 0; i < LAYERS; i++) {
            String at = "layers." + i + ".";
            String normed =
                    b.node(
                                    "SimplifiedLayerNormalization",
                                    x,
                                    b.initializer(at + "norm", floats(random, 1, hidden)))
                            .output("normed");
            String matrix = b.initializer(at + "up", floats(random, 0.15, hidden, neurons));
            String bias = b.initializer(at + "up.bias", floats(random, 0.5, neurons));
            String activated =
                    form == Gelu.BIASED
                            ? b.node(
                                            "BiasGelu",
                                            "com.microsoft",
                                            List.of(
                                                    b.node("MatMul", normed, matrix).output("up"),
                                                    bias))
                                    .output("activated")
                            : activated(b, b.node("Gemm", normed, matrix, bias).output("up"), form);
            String down = b.initializer(at + "down", floats(random, 0.1, neurons, hidden));
            String sum = b.node("MatMul", activated, down).output("down");
            String biased =
                    b.node("Add", sum, b.initializer(at + "down.bias", floats(random, 0.5, hidden)))
                            .output("biased");
            x = b.node("Add", x, biased).output("x");
        }
        b.node("MatMul", x, b.initializer("head", floats(random, 0.3, hidden, 50)))
                .output("logits");
        b.output("logits", ElementType.FLOAT, "n", 50);
        return model;
    }

    private static String activated(GraphBuilder b, String up, Gelu form) {
        if (form == Gelu.FUSED) {
            return b.node("Gelu", "com.microsoft", List.of(up)).output("activated");
        }
        String root = scalar(b, 1.4142135f);
        String erf = b.node("Erf", b.node("Div", up, root).output("div")).output("erf");
        String one = b.node("Add", erf, scalar(b, 1)).output("one");
        String half = b.node("Mul", scalar(b, 0.5f), up).output("half");
        return b.node("Mul", half, one).output("activated");
    }

    private static String scalar(GraphBuilder b, float value) {
        String name = "scalar." + value;
        if (!b.model().initializers().containsKey(name)) {
            ByteBuffer data = ByteBuffer.allocateDirect(4).order(ByteOrder.LITTLE_ENDIAN);
            b.initializer(name, new Tensor(ElementType.FLOAT, List.of(), data.putFloat(0, value)));
        }
        return name;
    }

    static Tensor floats(Random random, double deviation, long... shape) {
        long elements = 1;
        List<Long> dimensions = Arrays.stream(shape).boxed().toList();
        for (long dimension : shape) {
            elements *= dimension;
        }
        ByteBuffer data =
                ByteBuffer.allocateDirect(Math.toIntExact(elements * 4))
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < elements; i++) {
            data.putFloat(i * 4, (float) (deviation * random.nextGaussian()));
        }
        return new Tensor(ElementType.FLOAT, dimensions, data);
    }

    static int[] tokens(int count) {
        return new Random(count).ints(count, 0, 50).toArray();
    }
}
