package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is skipped is not computed: rows that ONNX Runtime's own profile says were multiplied. */
class FfnSkipWorkTest {
    private static final int LAYERS = 8;
    private static final Pattern PRODUCT =
            Pattern.compile("layers\\.(\\d+)\\.feed_forward\\.(gate|up|out)_kernel_time");

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(Precision.class)
    void onlyRowsThatDoNotSkipAreMultiplied(Precision precision) throws IOException, OrtException {
        RandomModel random = SkippableModels.random(12, LAYERS);
        OnnxModel graph =
                SkippableModels.graph(random.write(directory.resolve("model")), precision);
        int[] tokens = random.tokens(6);
        String prefix = directory.resolve("profile").toString();
        OnnxModel gated = SkippableModels.gated(graph, 1, 7);
        Path file = directory.resolve("gated.onnx");
        try (BareDecoder decoder = new BareDecoder(gated, file, tokens, 0, prefix)) {
            // One skips never, others more and more; in the second run layers 2 to 6 have no row.
            decoder.knobs(
                    new float[] {2, -1, -1, -1, 0.8f, 0.85f}, new long[] {9, 1, 2, 3, 4, 4}, true);
            boolean[][] some = decoder.run();
            Map<Integer, Long> expected = new TreeMap<>();
            count(expected, some, tokens.length);
            decoder.knobs(
                    new float[] {-1, -1, -1, -1, -1, -1}, new long[] {9, 9, 9, 9, 9, 9}, true);
            boolean[][] all = decoder.run();
            count(expected, all, tokens.length);
            assertThat(rows(Path.of(decoder.profile()))).isEqualTo(expected);
            assertThat(expected.get(2)).isLessThan(expected.get(1));
        }
    }

    /** Adds the rows of gate, up and down projection by layer; layers 2 to 6 may be skipped. */
    private static void count(Map<Integer, Long> rows, boolean[][] skipped, int tokens) {
        for (int layer = 0; layer < LAYERS; layer++) {
            long computed = tokens;
            if (layer >= 2 && layer < 7) {
                for (boolean gone : skipped[layer - 2]) {
                    computed -= gone ? 1 : 0;
                }
            }
            rows.merge(layer, 3 * computed, Long::sum);
        }
    }

    private static Map<Integer, Long> rows(Path profile) throws IOException {
        Map<Integer, Long> rows = new TreeMap<>();
        JsonArray events = JsonParser.parseString(Files.readString(profile)).getAsJsonArray();
        for (JsonElement element : events) {
            JsonObject event = element.getAsJsonObject();
            Matcher product = PRODUCT.matcher(event.get("name").getAsString());
            if (product.matches()) {
                JsonArray inputs = event.getAsJsonObject("args").getAsJsonArray("input_type_shape");
                JsonArray shape = inputs.get(0).getAsJsonObject().getAsJsonArray("float");
                long count = shape.get(0).getAsLong() * shape.get(1).getAsLong();
                rows.merge(Integer.valueOf(product.group(1)), count, Long::sum);
            }
        }
        return rows;
    }
}
