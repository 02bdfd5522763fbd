package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.ExportedDecoder.Variant;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Decoders that someone else exported, opened as they are. */
class ImportedDecoderTest {
    private static final int CONTEXT = 128;

    @TempDir Path directory;

    static Stream<Set<Variant>> variants() {
        return Stream.of(
                EnumSet.noneOf(Variant.class),
                EnumSet.of(Variant.NO_POSITION_IDS),
                EnumSet.of(Variant.ATTENTION_OPERATOR),
                EnumSet.of(Variant.ATTENTION_OPERATOR, Variant.NO_POSITION_IDS),
                EnumSet.of(Variant.MERGED),
                EnumSet.of(Variant.MERGED, Variant.NO_POSITION_IDS),
                EnumSet.of(Variant.NUM_LOGITS_TO_KEEP),
                EnumSet.of(Variant.IGNORED_CACHE_BRANCH));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void agreesWithTheOracle(Set<Variant> variants) throws IOException {
        for (long seed : new long[] {21, 22, 23}) {
            RandomModel random = new RandomModel("LlamaForCausalLM", seed);
            OracleModel oracle = OracleModel.ofDirectory(random.write(directory));
            Path file = directory.resolve("model" + seed + ".onnx");
            ExportedDecoder.write(directory, file, variants);
            try (DecoderModel model = open(file)) {
                new DecoderAgreement(model, oracle::logits, 1e-4f).check(random.tokens(48));
            }
        }
    }

    /**
     * No second implementation knows these: the whole text at once is the reference for all other
     * ways. Logits of gpt2 reach 0.4, those of the other two 0.015. Sums of fp32 may end some units
     * in the last place apart where the number of rows changes their order; fp16 has steps of 8e-6
     * there, of which the tolerance is four.
     */
    @ParameterizedTest
    @CsvSource({"gpt2/past, 1e-6", "lfm2/decoder, 1e-7", "qwen35-gqa-fp16/decoder, 3e-5"})
    void isTheSameInAnyPortions(String export, float tolerance) {
        int[] tokens = new Random(5).ints(48, 0, 1000).toArray();
        try (DecoderModel model = open(export(export))) {
            new DecoderAgreement(model, text -> atOnce(model, text), tolerance).check(tokens);
        }
    }

    /** Without this the test above would say nothing; lfm2 is a toy that ignores its past. */
    @ParameterizedTest
    @CsvSource({"gpt2/past, 1e-6", "qwen35-gqa-fp16/decoder, 3e-5"})
    void dependsOnThePast(String export, float tolerance) {
        int[] tokens = {7, 8, 9};
        int[] others = {7, 308, 9};
        try (DecoderModel model = open(export(export))) {
            assertThat(apart(atOnce(model, tokens)[2], atOnce(model, others)[2]))
                    .isGreaterThan(4 * tolerance);
        }
    }

    /** A depthwise convolution over four steps, of which three are the state of a fixed size. */
    @Test
    void convolutionStatesAgreeWithPlainLoops() throws IOException {
        float[] embedding = values(11, 50 * 8);
        float[] kernel = values(12, 8 * 4);
        float[] head = values(13, 8 * 50);
        OnnxModel graph = new OnnxModel("convolution");
        GraphBuilder b = new GraphBuilder(graph);
        b.input("input_ids", ElementType.INT64, "batch", "sequence");
        b.input("past_conv.0", ElementType.FLOAT, "batch", 8, 3);
        String rows =
                b.node("Gather", b.initializer("embedding", tensor(embedding, 50, 8)), "input_ids")
                        .output("rows");
        String columns = b.node("Transpose", rows).ints("perm", 0, 2, 1).output("columns");
        String all = b.node("Concat", "past_conv.0", columns).attribute("axis", 2).output("all");
        String mixed =
                b.node("Conv", all, b.initializer("kernel", tensor(kernel, 8, 1, 4)))
                        .attribute("group", 8)
                        .output("mixed");
        String back = b.node("Transpose", mixed).ints("perm", 0, 2, 1).output("back");
        b.node("MatMul", back, b.initializer("head", tensor(head, 8, 50))).output("logits");
        b.node(
                        "Slice",
                        all,
                        b.initializer("from", longs(-3)),
                        b.initializer("to", longs(Long.MAX_VALUE)),
                        b.initializer("axis", longs(2)))
                .output("present_conv.0");
        b.output("logits", ElementType.FLOAT, "batch", "sequence", 50);
        b.output("present_conv.0", ElementType.FLOAT, "batch", 8, 3);
        Path file = directory.resolve("model.onnx");
        graph.write(file);

        try (DecoderModel model = open(file)) {
            new DecoderAgreement(model, text -> convolved(text, embedding, kernel, head), 1e-5f)
                    .check(new Random(6).ints(48, 0, 50).toArray());
        }
    }

    private static float[][] convolved(
            int[] text, float[] embedding, float[] kernel, float[] head) {
        float[][] logits = new float[text.length][50];
        for (int t = 0; t < text.length; t++) {
            for (int channel = 0; channel < 8; channel++) {
                double mixed = 0;
                for (int back = 0; back < 4 && back <= t; back++) {
                    mixed +=
                            kernel[4 * channel + 3 - back]
                                    * embedding[8 * text[t - back] + channel];
                }
                for (int id = 0; id < 50; id++) {
                    logits[t][id] += (float) (mixed * head[50 * channel + id]);
                }
            }
        }
        return logits;
    }

    private static float[] values(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Tensor tensor(float[] values, long... shape) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(Float.BYTES * values.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new Tensor(ElementType.FLOAT, LongStream.of(shape).boxed().toList(), data);
    }

    private static Tensor longs(long value) {
        ByteBuffer data = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return new Tensor(ElementType.INT64, List.of(1L), data.putLong(0, value));
    }

    private static Path export(String name) {
        return Path.of("src/test/resources/tiny-onnx-decoders", name + ".onnx");
    }

    private static float apart(float[] left, float[] right) {
        float most = 0;
        for (int i = 0; i < left.length; i++) {
            most = Math.max(most, Math.abs(left[i] - right[i]));
        }
        return most;
    }

    private static float[][] atOnce(DecoderModel model, int[] tokens) {
        try (DecoderSession session = model.newSession()) {
            Logits logits = session.forward(tokens, LogitRows.ALL);
            return IntStream.range(0, tokens.length)
                    .mapToObj(
                            row -> {
                                float[] values = new float[logits.vocabularySize()];
                                logits.row(row).get(values);
                                return values;
                            })
                    .toArray(float[][]::new);
        }
    }

    private static DecoderModel open(Path file) {
        return DecoderModel.open(file, CONTEXT, RuntimeOptions.defaults());
    }
}
