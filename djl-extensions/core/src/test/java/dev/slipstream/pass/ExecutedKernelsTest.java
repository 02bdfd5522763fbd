package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What is removed or switched off is not computed: kernels that ONNX Runtime's own profile says
 * were executed in one run.
 */
class ExecutedKernelsTest {
    private static final int LAYERS = 8;
    private static final String PRODUCTS = "products with weights";
    private static final Set<String> MULTIPLY =
            Set.of("MatMulNBits", "FusedMatMul", "MatMul", "Gemm");
    private static final String QUARTER = "(feed-forward.2,feed-forward.5)";

    @TempDir Path directory;

    private final RandomModel random = SkippableModels.random(21, LAYERS);
    private final int[] tokens = random.tokens(3);

    private OnnxModel graph(Precision precision) throws IOException {
        return SkippableModels.graph(random.write(directory.resolve("model")), precision);
    }

    /** Gate, up and down projection of two feed-forwards of eight. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void aQuarterOfTheFeedForwardsRemovedIsTheirProductsLess(Precision precision)
            throws IOException, OrtException {
        OnnxModel graph = graph(precision);
        Map<String, Long> before = executed(graph);
        Map<String, Long> expected = new TreeMap<>(before);
        expected.merge(PRODUCTS, -3L * 2, Long::sum);
        Map<String, Long> found = executed(applied(graph, "remove:sub-layers=" + QUARTER));
        assertThat(products(found)).isEqualTo(products(expected));
        assertThat(found.get("GroupQueryAttention")).isEqualTo(LAYERS);
        // Each has one activation and one norm, too.
        assertThat(all(found)).isLessThanOrEqualTo(all(before) - 2 * 5);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aSwitchedOffFeedForwardIsItsProductsLess(Precision precision)
            throws IOException, OrtException {
        OnnxModel graph = graph(precision);
        OnnxModel switched = applied(graph, "switch:sub-layers=" + QUARTER);
        Map<String, Long> plain = executed(graph);
        assertThat(products(executed(switched, true, true))).isEqualTo(products(plain));
        assertThat(products(executed(switched, true, false))).isEqualTo(products(plain) - 3);
        Map<String, Long> off = executed(switched, false, false);
        assertThat(products(off)).isEqualTo(products(plain) - 3 * 2);
        assertThat(off.get("If")).isEqualTo(2);
        assertThat(off.get("GroupQueryAttention")).isEqualTo(LAYERS);
    }

    /** Packed queries, keys and values are one product, and one is behind. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void aSwitchedOffAttentionIsNotComputed(Precision precision) throws IOException, OrtException {
        OnnxModel graph = graph(precision);
        OnnxModel switched = applied(graph, "switch:sub-layers=(attention.3,attention.4)");
        Map<String, Long> plain = executed(graph);
        Map<String, Long> off = executed(switched, false, true);
        assertThat(products(off))
                .isEqualTo(products(plain) - (precision == Precision.FP32 ? 4 : 2));
        assertThat(off.get("GroupQueryAttention")).isEqualTo(LAYERS - 1);
        assertThat(executed(switched, true, true).get("GroupQueryAttention")).isEqualTo(LAYERS);
    }

    private static OnnxModel applied(OnnxModel graph, String pass) {
        return new Pipeline(Passes.create(List.of(pass))).apply(graph, null, p -> {}).graph();
    }

    private static long products(Map<String, Long> executed) {
        return executed.getOrDefault(PRODUCTS, 0L);
    }

    private static long all(Map<String, Long> executed) {
        return executed.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Runs once and counts, by operator, all products under one name. */
    private Map<String, Long> executed(OnnxModel graph, boolean... gates)
            throws IOException, OrtException {
        String prefix = directory.resolve("profile").toString();
        String profile;
        try (BareDecoder decoder =
                new BareDecoder(graph, directory.resolve("run.onnx"), tokens, 0, prefix)) {
            if (gates.length > 0) {
                decoder.gates(gates);
            }
            decoder.run();
            profile = decoder.profile();
        }
        Map<String, Long> executed = new TreeMap<>();
        for (JsonElement element :
                JsonParser.parseString(Files.readString(Path.of(profile))).getAsJsonArray()) {
            JsonObject event = element.getAsJsonObject();
            if (event.get("name").getAsString().endsWith("_kernel_time")) {
                String operator = event.getAsJsonObject("args").get("op_name").getAsString();
                String counted = MULTIPLY.contains(operator) ? PRODUCTS : operator;
                executed.merge(counted, 1L, Long::sum);
            }
        }
        Files.delete(Path.of(profile));
        return executed;
    }
}
