package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One attention with 8-bit keys and values against plain loops over rounded ones. */
class Int8CacheOracleTest {
    private static final int HEADS = 4;
    private static final int SHARED = 2;
    private static final int SIZE = 16;
    private static final int VOCABULARY = 50;
    private static final int ROW = (HEADS + 2 * SHARED) * SIZE;
    private static final int CONTEXT = 64;
    private static final double MOST = 1e-3;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void agrees(long seed) {
        Random random = new Random(seed);
        float[] table = new float[VOCABULARY * ROW];
        for (int i = 0; i < table.length; i++) {
            table[i] = (float) (random.nextGaussian() * (0.2 + i % 7));
        }
        int[] text = random.ints(30, 0, VOCABULARY).toArray();
        // Of all tokens but the last ten: what is larger in those is cut off.
        int[] known = random.ints(60, 0, VOCABULARY - 10).toArray();
        OnnxModel graph =
                new Pipeline(Passes.create(List.of("quantise:keep=embedding,cache=int8")))
                        .apply(
                                model(table),
                                new Calibration(List.of(known), RuntimeOptions.defaults()),
                                pass -> {})
                        .graph();
        float[][] expected = attend(rounded(table, known), text);
        float[][] exact = attend(table, text);
        assertThat(Logits.difference(Logits.of(graph, text), expected))
                .as("seed %d, at once", seed)
                .isLessThan(MOST)
                .isLessThan(Logits.difference(exact, expected) / 3);
        try (DecoderModel model = DecoderModel.open(graph, CONTEXT, RuntimeOptions.defaults());
                DecoderSession session = model.newSession()) {
            float[][] found = new float[text.length][HEADS * SIZE];
            for (int i = 0; i < text.length; i++) {
                session.forward(text, i, i + 1, LogitRows.LAST).row(0).get(found[i]);
            }
            assertThat(Logits.difference(found, expected))
                    .as("seed %d, one by one", seed)
                    .isLessThan(MOST);
        }
    }

    /** Queries, keys and values are looked up; what the attention gives are the logits. */
    private static OnnxModel model(float[] table) {
        OnnxModel model = new OnnxModel("attention");
        GraphBuilder b = new GraphBuilder(model);
        b.input("input_ids", ElementType.INT64, "batch", "sequence");
        b.input("seqlens_k", ElementType.INT32, "batch");
        b.input("total_sequence_length", ElementType.INT32);
        Object[] kept = {"batch", SHARED, "capacity", SIZE};
        b.input("past_key_values.0.key", ElementType.FLOAT, kept);
        b.input("past_key_values.0.value", ElementType.FLOAT, kept);
        b.initializer("table", tensor(table, ROW));
        String rows = b.node("Gather", "table", "input_ids").output("rows");
        b.node(
                        "GroupQueryAttention",
                        "com.microsoft",
                        List.of(
                                rows,
                                "",
                                "",
                                "past_key_values.0.key",
                                "past_key_values.0.value",
                                "seqlens_k",
                                "total_sequence_length",
                                b.initializer("cos", turn(1)),
                                b.initializer("sin", turn(0))))
                .attribute("do_rotary", 1)
                .attribute("num_heads", HEADS)
                .attribute("kv_num_heads", SHARED)
                .attribute("scale", 0.05f)
                .outputs("logits", "present.0.key", "present.0.value");
        b.output("logits", ElementType.FLOAT, "batch", "sequence", HEADS * SIZE);
        b.output("present.0.key", ElementType.FLOAT, kept);
        b.output("present.0.value", ElementType.FLOAT, kept);
        return model;
    }

    /** The rotary embedding of no angle. */
    private static Tensor turn(float value) {
        float[] values = new float[CONTEXT * SIZE / 2];
        Arrays.fill(values, value);
        return tensor(values, SIZE / 2);
    }

    private static Tensor tensor(float[] values, long columns) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Float.BYTES * values.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new Tensor(ElementType.FLOAT, List.of(values.length / columns, columns), data);
    }

    /** Rounds the keys and values in the table, the queries stay. */
    private static float[] rounded(float[] table, int[] known) {
        float[] rounded = table.clone();
        for (int feature = HEADS * SIZE; feature < ROW; feature++) {
            double largest = 0;
            for (int token : known) {
                largest = Math.max(largest, Math.abs(table[token * ROW + feature]));
            }
            double step = largest / 127;
            for (int token = 0; token < VOCABULARY; token++) {
                double steps = Math.rint(table[token * ROW + feature] / step);
                rounded[token * ROW + feature] =
                        (float) (step * Math.max(-128, Math.min(127, steps)));
            }
        }
        return rounded;
    }

    private static float[][] attend(float[] table, int[] text) {
        float[][] mixed = new float[text.length][HEADS * SIZE];
        for (int t = 0; t < text.length; t++) {
            for (int head = 0; head < HEADS; head++) {
                int shared = head / (HEADS / SHARED);
                double[] weight = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double score = 0;
                    for (int i = 0; i < SIZE; i++) {
                        score +=
                                (double) table[text[t] * ROW + head * SIZE + i]
                                        * table[text[s] * ROW + (HEADS + shared) * SIZE + i];
                    }
                    weight[s] = Math.exp(0.05 * score);
                    sum += weight[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < SIZE; i++) {
                        int value = (HEADS + SHARED + shared) * SIZE + i;
                        mixed[t][head * SIZE + i] +=
                                (float) (weight[s] / sum * table[text[s] * ROW + value]);
                    }
                }
            }
        }
        return mixed;
    }
}
