package dev.slipstream.samples.benchmarks.micro;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.operators.NativeOperators;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Slipstream's attention: one buffer for the keys and values of all layers. */
final class RaggedAttentionGraph extends AttentionGraph {
    private static final String DOMAIN = "dev.slipstream";

    private final boolean block;

    private RaggedAttentionGraph(AttentionHeads heads, int past, int rows, boolean block) {
        super(heads, past, rows);
        this.block = block;
    }

    /** Rows that see those before them. */
    static RaggedAttentionGraph causal(AttentionHeads heads, int past, int rows) {
        return new RaggedAttentionGraph(heads, past, rows, false);
    }

    /** Up to 64 rows that see each other. */
    static RaggedAttentionGraph block(AttentionHeads heads, int past, int rows) {
        return new RaggedAttentionGraph(heads, past, rows, true);
    }

    @Override
    void write(GraphBuilder graph) {
        graph.model().opsets().put(DOMAIN, 1);
        graph.input("starts", ElementType.INT32, 2);
        graph.input("pasts", ElementType.INT32, 1);
        graph.input("modes", ElementType.INT32, 1);
        graph.input("places", ElementType.INT32, "placed_rows");
        graph.input("sights", ElementType.INT64, "seeing_rows", "words");
        Object[] shape = {LAYERS, 2, heads.kvHeads(), past + rows, heads.size()};
        graph.input("buffer", ElementType.FLOAT, shape);
        List<String> inputs =
                List.of(
                        "query", "", "", "starts", "pasts", "cos", "sin", "modes", "places",
                        "sights", "buffer");
        for (int layer = 0; layer < LAYERS; layer++) {
            graph.node("RaggedAttention", DOMAIN, inputs)
                    .attribute("layer", layer)
                    .attribute("num_heads", heads.heads())
                    .attribute("kv_num_heads", heads.kvHeads())
                    .attribute("scale", heads.scale())
                    .attribute("local_window_size", -1)
                    .output(result(layer));
        }
    }

    @Override
    void configure(OrtSession.SessionOptions options) throws OrtException {
        Path library =
                NativeOperators.library()
                        .orElseThrow(
                                () ->
                                        new IllegalStateException(
                                                "expected native operators, found none in the jar; build it on Linux x86-64 where g++ is, or leave AttentionOperator out: -e AttentionOperator"));
        options.registerCustomOpLibrary(library.toString());
    }

    @Override
    void bind() throws OrtException {
        int part = pastLength();
        FloatBuffer buffer = buffer(LAYERS * 2 * part);
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int which = 0; which < 2; which++) {
                drawPast(buffer.slice((2 * layer + which) * part, part), layer, which);
            }
        }
        input("starts", ints(new int[] {0, rows}, 2));
        input("pasts", ints(new int[] {past}, 1));
        input("modes", ints(new int[] {block ? 1 : 0}, 1));
        int placed = block ? rows : 0;
        input("places", ints(IntStream.range(0, placed).toArray(), placed));
        long[] sights = new long[placed];
        Arrays.fill(sights, -1L >>> (Long.SIZE - rows));
        input("sights", longs(sights, placed, block ? 1 : 0));
        input("buffer", floats(buffer, LAYERS, 2, heads.kvHeads(), past + rows, heads.size()));
    }
}
