package dev.slipstream.samples.benchmarks.micro;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import java.nio.FloatBuffer;
import java.util.List;

/** ONNX Runtime's attention, which writes keys and values in place, too. */
final class GroupQueryAttentionGraph extends AttentionGraph {
    private static final List<String> PARTS = List.of("key", "value");

    GroupQueryAttentionGraph(AttentionHeads heads, int past, int rows) {
        super(heads, past, rows);
    }

    @Override
    void write(GraphBuilder graph) {
        graph.input("lengths", ElementType.INT32, 1);
        graph.input("total", ElementType.INT32);
        Object[] shape = {1, heads.kvHeads(), past + rows, heads.size()};
        for (int layer = 0; layer < LAYERS; layer++) {
            String key = graph.input("past_key." + layer, ElementType.FLOAT, shape);
            String value = graph.input("past_value." + layer, ElementType.FLOAT, shape);
            List<String> inputs =
                    List.of("query", "", "", key, value, "lengths", "total", "cos", "sin");
            graph.node("GroupQueryAttention", "com.microsoft", inputs)
                    .attribute("num_heads", heads.heads())
                    .attribute("kv_num_heads", heads.kvHeads())
                    .attribute("do_rotary", 1)
                    .attribute("scale", heads.scale())
                    .outputs(result(layer), "present_key." + layer, "present_value." + layer);
            graph.output("present_key." + layer, ElementType.FLOAT, shape);
            graph.output("present_value." + layer, ElementType.FLOAT, shape);
        }
    }

    @Override
    void configure(OrtSession.SessionOptions options) {
        // ONNX Runtime's defaults.
    }

    @Override
    void bind() throws OrtException {
        input("lengths", ints(new int[] {past + rows - 1}, 1));
        input("total", ints(new int[] {past + rows}));
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int which = 0; which < PARTS.size(); which++) {
                FloatBuffer values = buffer(pastLength());
                drawPast(values, layer, which);
                OnnxTensor tensor = floats(values, 1, heads.kvHeads(), past + rows, heads.size());
                input("past_" + PARTS.get(which) + "." + layer, tensor);
                output("present_" + PARTS.get(which) + "." + layer, tensor);
            }
        }
    }
}
