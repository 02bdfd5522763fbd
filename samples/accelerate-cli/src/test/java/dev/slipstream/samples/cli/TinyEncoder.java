package dev.slipstream.samples.cli;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Writes a random sentence encoder of one head and a few words, as it comes in jars. */
final class TinyEncoder {
    private static final String WORDS = "a girl is styling her hair man play guitar the dog";
    private static final int VOCABULARY = 24;
    private static final int HIDDEN = 8;
    private static final int INNER = 16;

    private final Random random;
    private final OnnxModel model = new OnnxModel("tiny");
    private final GraphBuilder b = new GraphBuilder(model);
    private final String mask;

    private TinyEncoder(long seed) {
        random = new Random(seed);
        b.input("input_ids", ElementType.INT64, "batch", "length");
        b.input("attention_mask", ElementType.INT64, "batch", "length");
        String row = b.node("Unsqueeze", "attention_mask", integers("row", 1)).output("row");
        String kept = b.node("Cast", row).attribute("to", ElementType.FLOAT.code()).output("kept");
        String one = b.initializer("one", tensor(new float[] {1}));
        String left = b.node("Sub", one, kept).output("left");
        String lowest = b.initializer("lowest", tensor(new float[] {-10000}));
        mask = b.node("Mul", left, lowest).output("mask");
    }

    /** Writes {@code NAME.onnx} and {@code NAME-tokenizer.json}, and returns the graph's place. */
    static Path write(Path directory, String name, int layers, long seed) throws IOException {
        TinyEncoder encoder = new TinyEncoder(seed);
        encoder.write(layers);
        Path graph = directory.resolve(name + ".onnx");
        encoder.model.write(graph);
        Files.writeString(directory.resolve(name + "-tokenizer.json"), tokenizer());
        return graph;
    }

    private void write(int layers) {
        String x = b.node("Gather", draw("words", VOCABULARY, HIDDEN), "input_ids").output("x");
        x = norm(x, "embeddings");
        for (int i = 0; i < layers; i++) {
            x = norm(b.node("Add", attention(x, "a" + i), x).output("sum"), "a" + i);
            x = norm(b.node("Add", feedForward(x, "f" + i), x).output("sum"), "f" + i);
        }
        String last = b.node("Identity", x).output("last_hidden_state");
        b.output(last, ElementType.FLOAT, "batch", "length", HIDDEN);
    }

    private String attention(String x, String name) {
        String q = linear(x, name + ".q", HIDDEN, HIDDEN);
        String k = linear(x, name + ".k", HIDDEN, HIDDEN);
        String v = linear(x, name + ".v", HIDDEN, HIDDEN);
        String turned = b.node("Transpose", k).ints("perm", 0, 2, 1).output("turned");
        String scores = b.node("MatMul", q, turned).output("scores");
        String masked = b.node("Add", scores, mask).output("masked");
        String shares = b.node("Softmax", masked).attribute("axis", -1).output("shares");
        String mixed = b.node("MatMul", shares, v).output("mixed");
        return linear(mixed, name + ".o", HIDDEN, HIDDEN);
    }

    private String feedForward(String x, String name) {
        String up = linear(x, name + ".up", HIDDEN, INNER);
        return linear(b.node("Relu", up).output("active"), name + ".down", INNER, HIDDEN);
    }

    private String linear(String x, String name, int in, int out) {
        String product = b.node("MatMul", x, draw(name, in, out)).output("product");
        return b.node("Add", product, draw(name + ".bias", out)).output("linear");
    }

    private String norm(String x, String name) {
        String gamma = draw(name + ".gamma", HIDDEN);
        String beta = draw(name + ".beta", HIDDEN);
        return b.node("LayerNormalization", x, gamma, beta).attribute("axis", -1).output("norm");
    }

    private String draw(String name, long... shape) {
        long size = 1;
        for (long dimension : shape) {
            size *= dimension;
        }
        float[] values = new float[(int) size];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return b.initializer(name, tensor(values, shape));
    }

    private String integers(String name, long... values) {
        ByteBuffer data = direct(Long.BYTES * values.length);
        data.asLongBuffer().put(values);
        return b.initializer(
                name, new Tensor(ElementType.INT64, List.of((long) values.length), data));
    }

    private static Tensor tensor(float[] values, long... shape) {
        ByteBuffer data = direct(Float.BYTES * values.length);
        data.asFloatBuffer().put(values);
        List<Long> dimensions = new ArrayList<>();
        for (long dimension : shape) {
            dimensions.add(dimension);
        }
        return new Tensor(ElementType.FLOAT, dimensions, data);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String tokenizer() {
        StringBuilder vocabulary =
                new StringBuilder("\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3");
        int id = 4;
        for (String word : WORDS.split(" ")) {
            vocabulary.append(",\"%s\":%d".formatted(word, id++));
        }
        return """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
        "max_input_chars_per_word":100,"vocab":{%s}}}
        """
                .formatted(vocabulary);
    }
}
