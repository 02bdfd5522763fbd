package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtException;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prints what skipping saves and what its gates cost as plain nodes of ONNX, without the native
 * operators: in processor time of one thread, and the same with an {@code If} around each
 * feed-forward, which could serve single tokens alone. The shape is SmolLM-135M's with a smaller
 * vocabulary; the runs of all graphs alternate.
 */
@Tag("thorough")
class FfnSkipCostTest {
    private static final int LAYERS = 30;
    private static final int START = 6;
    private static final int SKIPPED = 8;
    private static final int ROUNDS = 150;

    @TempDir Path directory;

    @ParameterizedTest
    @CsvSource({"INT4, 1", "INT8, 1", "FP32, 1", "INT4, 4"})
    void costs(Precision precision, int rows) throws IOException, OrtException {
        RandomModel random =
                new RandomModel("LlamaForCausalLM", 1)
                        .with("num_hidden_layers", String.valueOf(LAYERS))
                        .with("hidden_size", "576")
                        .with("intermediate_size", "1536")
                        .with("head_dim", "64")
                        .with("num_attention_heads", "9")
                        .with("num_key_value_heads", "3")
                        .with("vocab_size", "4096");
        OnnxModel plain =
                SkippableModels.graph(random.write(directory.resolve("model")), precision);
        OnnxModel gated = SkippableModels.gated(plain, START, LAYERS - 2);
        Map<String, BareDecoder> decoders = new LinkedHashMap<>();
        int[] tokens = random.tokens(rows);
        decoders.put("plain", open(plain, "plain", tokens));
        decoders.put("promised: 8 of 30 removed", open(without(plain), "without", tokens));
        decoders.put("gates at rest", open(gated, "rest", tokens));
        decoders.put("gates, 8 of 30 skipped", open(gated, "skips", tokens));
        if (rows == 1) {
            OnnxModel ifs = withIfs(gated);
            decoders.put("If at rest", open(ifs, "if-rest", tokens));
            decoders.put("If, 8 of 30 skipped", open(ifs, "if-skips", tokens));
        }
        for (Map.Entry<String, BareDecoder> entry : decoders.entrySet()) {
            if (entry.getKey().contains("rest") || entry.getKey().contains("skipped")) {
                boolean skips = entry.getKey().contains("skipped");
                float[] thresholds = new float[rows];
                Arrays.fill(thresholds, skips ? -1 : 2);
                long[] counts = new long[rows];
                Arrays.fill(counts, SKIPPED);
                entry.getValue().knobs(thresholds, counts, false);
                int sum = 0;
                for (boolean[] layer : entry.getValue().run()) {
                    for (boolean skipped : layer) {
                        sum += skipped ? 1 : 0;
                    }
                }
                assertThat(sum).isEqualTo(skips ? SKIPPED * rows : 0);
            }
        }
        print(precision, rows, decoders);
        for (BareDecoder decoder : decoders.values()) {
            decoder.close();
        }
    }

    private BareDecoder open(OnnxModel graph, String name, int[] tokens)
            throws IOException, OrtException {
        return new BareDecoder(graph, directory.resolve(name + ".onnx"), tokens, 64, "");
    }

    private static void print(Precision precision, int rows, Map<String, BareDecoder> decoders)
            throws OrtException {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        Map<String, long[]> times = new LinkedHashMap<>();
        decoders.keySet().forEach(name -> times.put(name, new long[ROUNDS]));
        for (int round = 0; round < ROUNDS; round++) {
            for (Map.Entry<String, BareDecoder> entry : decoders.entrySet()) {
                long before = threads.getCurrentThreadCpuTime();
                entry.getValue().run();
                times.get(entry.getKey())[round] = threads.getCurrentThreadCpuTime() - before;
            }
        }
        double plain = tenth(times.get("plain"));
        for (Map.Entry<String, long[]> entry : times.entrySet()) {
            double time = tenth(entry.getValue());
            System.out.printf(
                    Locale.ROOT,
                    "%s, rows %d | %-26s | %.3f ms | %.3f%n",
                    precision,
                    rows,
                    entry.getKey(),
                    time / 1e6,
                    time / plain);
        }
    }

    /** The tenth percentile: what neighbours on the machine disturb least. */
    private static double tenth(long[] times) {
        long[] sorted = times.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 10];
    }

    /** The feed-forwards that the gates leave out do not exist. */
    private static OnnxModel without(OnnxModel plain) {
        OnnxModel less = plain.copy();
        new GraphBuilder(less)
                .node(
                        "ConstantOfShape",
                        new GraphBuilder(less).node("Shape", "embedding").output("size"))
                .output("nothing");
        less.replaceNodes(
                node -> {
                    NodeProto.Builder changed = node.toBuilder();
                    for (int i = START + 1; i <= START + SKIPPED; i++) {
                        String out = "layers." + i + ".feed_forward.out";
                        for (int j = 0; j < node.getInputCount(); j++) {
                            if (node.getInput(j).equals(out)) {
                                changed.setInput(j, "nothing");
                            }
                        }
                    }
                    return List.of(changed.build());
                });
        less.removeUnused();
        less.validate();
        return less;
    }

    /** The same decisions, each feed-forward in an If; good for one row alone. */
    private static OnnxModel withIfs(OnnxModel gated) {
        OnnxModel ifs = gated.copy();
        Map<Integer, List<NodeProto>> branches = new LinkedHashMap<>();
        List<NodeProto> kept = new ArrayList<>();
        for (NodeProto node : gated.nodes()) {
            String output = node.getOutput(0);
            int layer = output.startsWith("layers.") ? Integer.parseInt(output.split("\\.")[1]) : 0;
            boolean gate = layer > START && layer < LAYERS - 2;
            boolean branch =
                    gate
                            && output.contains(".feed_forward.")
                            && !node.getOpType().startsWith("Skip");
            if (branch) {
                NodeProto.Builder inner = node.toBuilder();
                for (int i = 0; i < node.getInputCount(); i++) {
                    if (node.getInput(i).endsWith(".skip.rows")) {
                        inner.setInput(i, "layers." + layer + ".feed_forward.norm");
                    }
                }
                branches.computeIfAbsent(layer, l -> new ArrayList<>()).add(inner.build());
            } else if (!gate
                    || !List.of("Compress", "GatherND", "ScatterND").contains(node.getOpType())) {
                kept.add(node);
            }
        }
        branches.forEach(
                (layer, nodes) -> {
                    String at = "layers." + layer + ".skip.";
                    NodeProto nothing =
                            NodeProto.newBuilder()
                                    .setOpType("Identity")
                                    .addInput("skip.nothing")
                                    .addOutput(at + "none")
                                    .build();
                    kept.add(
                            NodeProto.newBuilder()
                                    .setOpType("If")
                                    .setName(at + "spread")
                                    .addInput(at + "runs")
                                    .addOutput(at + "spread")
                                    .addAttribute(
                                            branch(
                                                    "then_branch",
                                                    nodes,
                                                    "layers." + layer + ".feed_forward.out"))
                                    .addAttribute(
                                            branch("else_branch", List.of(nothing), at + "none"))
                                    .build());
                });
        ifs.nodes().clear();
        ifs.nodes().addAll(kept);
        ifs.removeUnused();
        ifs.validate();
        return ifs;
    }

    private static AttributeProto branch(String name, List<NodeProto> nodes, String output) {
        GraphBuilder typed = new GraphBuilder(new OnnxModel(name));
        typed.output(output, ElementType.FLOAT, "batch", "sequence", 576);
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(
                        GraphProto.newBuilder()
                                .setName(name)
                                .addAllNode(nodes)
                                .addOutput(typed.model().outputs().get(0)))
                .build();
    }
}
