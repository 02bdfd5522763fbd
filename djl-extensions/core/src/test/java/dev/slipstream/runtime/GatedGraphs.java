package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SelfDraftShape;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Built graphs of checkpoints with gates put in by hand, the plain way: what is skipped is computed
 * and thrown away.
 */
public final class GatedGraphs {
    private GatedGraphs() {}

    /** Returns a graph with a switch before all attentions and feed-forwards of some layers. */
    public static OnnxModel switched(
            DecoderConfig config, Weights weights, int context, Set<Integer> layers) {
        SelfDraftShape shape = SelfDraftShape.skip(config, layers, layers);
        OnnxModel graph =
                DecoderGraphs.write("switched", config, weights, Precision.FP32, context, shape);
        List<SubLayerName> names = new ArrayList<>();
        for (int layer : new TreeSet<>(layers)) {
            names.add(new SubLayerName(SubLayer.Kind.ATTENTION, layer));
            names.add(new SubLayerName(SubLayer.Kind.FEED_FORWARD, layer));
        }
        graph.inputs().removeIf(input -> input.getName().equals("draft"));
        GraphBuilder b = new GraphBuilder(graph);
        b.input(Effort.GATES, ElementType.BOOL, names.size());
        List<NodeProto> ifs =
                graph.nodes().stream().filter(node -> node.getOpType().equals("If")).toList();
        for (int i = 0; i < names.size(); i++) {
            String at = b.initializer("gate." + i, wholes(i));
            String gate = b.node("Gather", Effort.GATES, at).output("gate.on." + i);
            String off = b.node("Not", gate).output("gate.off." + i);
            NodeProto old = ifs.get(i);
            graph.nodes().set(graph.nodes().indexOf(old), old.toBuilder().setInput(0, off).build());
        }
        new GateNotes(names, List.of(), null).write(graph);
        return graph;
    }

    /** Returns a graph whose feed-forwards each have several widths. */
    public static OnnxModel elastic(
            DecoderConfig config, Weights weights, int context, List<Integer> widths) {
        OnnxModel graph = plain(config, weights, context);
        GraphBuilder b = new GraphBuilder(graph);
        b.input(Effort.WIDTHS, ElementType.INT64, config.layers());
        String table = b.initializer("widths", vector(widths.stream().mapToInt(w -> w).toArray()));
        String neurons =
                b.initializer(
                        "neurons", vector(IntStream.range(0, config.intermediateSize()).toArray()));
        for (int layer = 0; layer < config.layers(); layer++) {
            String at = b.initializer("layer." + layer, wholes(layer));
            String index = b.node("Gather", Effort.WIDTHS, at).output("width.index." + layer);
            String width = b.node("Gather", table, index).output("width." + layer);
            String kept = b.node("Less", neurons, width).output("width.kept." + layer);
            mask(b, "layers." + layer + ".feed_forward.gated", kept, "width." + layer);
        }
        new GateNotes(List.of(), widths, null).write(graph);
        return graph;
    }

    /** Returns a graph that skips feed-forwards token by token. */
    public static OnnxModel skipping(
            DecoderConfig config, Weights weights, int context, GateNotes.Skips skips) {
        OnnxModel graph = plain(config, weights, context);
        addSkips(graph, skips);
        return graph;
    }

    /** Returns a graph with several widths that skips, too. */
    public static OnnxModel elasticSkipping(
            DecoderConfig config,
            Weights weights,
            int context,
            List<Integer> widths,
            GateNotes.Skips skips) {
        OnnxModel graph = elastic(config, weights, context, widths);
        addSkips(graph, skips);
        return graph;
    }

    private static void addSkips(OnnxModel graph, GateNotes.Skips skips) {
        GraphBuilder b = new GraphBuilder(graph);
        b.input(Effort.SKIP_THRESHOLDS, ElementType.FLOAT, "sequence");
        b.input(Effort.SKIP_COUNTS, ElementType.INT64, "sequence");
        b.input(Effort.SKIP_REARMS, ElementType.BOOL, "sequence");
        String one = b.initializer("skip.one", vector(1));
        String zero = b.initializer("skip.zero", vector(0));
        String last = b.initializer("skip.last", vector(-1));
        String first = b.initializer("skip.first", vector(0));
        String budget = b.node("Mul", Effort.SKIP_COUNTS, zero).output("skip.budget");
        String fired =
                b.node(
                                "Not",
                                b.node(
                                                "Or",
                                                Effort.SKIP_REARMS,
                                                b.node("Not", Effort.SKIP_REARMS)
                                                        .output("skip.other"))
                                        .output("skip.all"))
                        .output("skip.fired");
        List<String> rows = new ArrayList<>();
        for (int layer : skips.layers()) {
            String name = "skip." + layer;
            String branch = "layers." + layer + ".feed_forward.out";
            NodeProto add =
                    graph.consumers(branch).stream()
                            .filter(node -> node.getOpType().startsWith("Skip"))
                            .findFirst()
                            .orElseThrow();
            String skip = b.node("Greater", budget, zero).output(name + ".now");
            String full = b.node("Add", add.getInput(0), branch).output(name + ".full");
            String dot = sum(b, add.getInput(0), full, last, name + ".dot");
            String u = sum(b, add.getInput(0), add.getInput(0), last, name + ".u");
            String h = sum(b, full, full, last, name + ".h");
            String norms =
                    b.node("Sqrt", b.node("Mul", u, h).output(name + ".squares"))
                            .output(name + ".norms");
            String cosine =
                    b.node("Squeeze", b.node("Div", dot, norms).output(name + ".cosines"), first)
                            .output(name + ".cosine");
            String near =
                    b.node("GreaterOrEqual", cosine, Effort.SKIP_THRESHOLDS).output(name + ".near");
            String may =
                    b.node("Or", Effort.SKIP_REARMS, b.node("Not", fired).output(name + ".fresh"))
                            .output(name + ".may");
            String computed = b.node("Not", skip).output(name + ".computed");
            String fires =
                    b.node("And", b.node("And", near, may).output(name + ".and"), computed)
                            .output(name + ".fires");
            fired = b.node("Or", fired, fires).output(name + ".fired");
            String less = b.node("Sub", budget, one).output(name + ".less");
            String set = b.node("Where", fires, Effort.SKIP_COUNTS, zero).output(name + ".set");
            budget = b.node("Where", skip, less, set).output(name + ".budget");
            String column = b.node("Unsqueeze", computed, last).output(name + ".column");
            mask(b, branch, column, name);
            rows.add(b.node("Unsqueeze", skip, first).output(name + ".row"));
        }
        b.node("Concat", rows.toArray(String[]::new)).attribute("axis", 0).output(Effort.SKIPPED);
        b.output(Effort.SKIPPED, ElementType.BOOL, skips.layers().size(), "sequence");
        GateNotes before = GateNotes.read(graph.metadata());
        new GateNotes(before.switched(), before.widths(), skips).write(graph);
    }

    private static String sum(GraphBuilder b, String x, String y, String axes, String name) {
        return b.node("ReduceSum", b.node("Mul", x, y).output(name + ".products"), axes)
                .attribute("keepdims", 0)
                .output(name);
    }

    /** Lets those who use a value see zeros where a mask is false. */
    private static void mask(GraphBuilder b, String value, String kept, String name) {
        OnnxModel graph = b.model();
        List<NodeProto> users =
                graph.consumers(value).stream()
                        .filter(node -> node.getOpType().matches("Skip.*|FusedMatMul"))
                        .toList();
        String nothing = b.initializer(name + ".nothing", number());
        String masked = b.node("Where", kept, value, nothing).output(name + ".masked");
        for (NodeProto user : users) {
            NodeProto.Builder changed = user.toBuilder();
            for (int i = 0; i < user.getInputCount(); i++) {
                if (user.getInput(i).equals(value)) {
                    changed.setInput(i, masked);
                }
            }
            graph.nodes().set(graph.nodes().indexOf(user), changed.build());
        }
    }

    /** Returns a graph without gates. */
    public static OnnxModel plain(DecoderConfig config, Weights weights, int context) {
        return DecoderGraphs.write("gated", config, weights, Precision.FP32, context);
    }

    private static Tensor number() {
        ByteBuffer data = ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return new Tensor(ElementType.FLOAT, List.of(), data);
    }

    private static Tensor wholes(int value) {
        return new Tensor(ElementType.INT64, List.of(), longs(value));
    }

    private static Tensor vector(int... values) {
        return new Tensor(ElementType.INT64, List.of((long) values.length), longs(values));
    }

    private static ByteBuffer longs(int... values) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(values.length * Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            data.putLong(value);
        }
        return data.flip();
    }
}
