package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.GraphProto;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes one feed-forward. Each level adds a chunk of neurons, which an {@code If} computes or
 * gives no width. The {@code If} of the last chunk has the widest sum in it and, in its other
 * branch, those of all narrower levels, of which one gets all rows and the others none: so the
 * widest level, which is compared with the plain graph, runs the fewest nodes.
 *
 * <p>No {@code If} is in another: ONNX Runtime 1.29 packs a weight for nodes in the graph that owns
 * it and one below. Two below, a product runs on the matrix as it lies, which in 4 and 8 bits is
 * many times slower, and its bits are others.
 */
record ElasticFeedForward(
        OnnxModel model,
        FeedForward feedForward,
        int index,
        List<Integer> levels,
        ChosenLevels chosen,
        Cuts cuts) {
    void write() {
        model.nodes().removeAll(feedForward.nodes());
        GraphBuilder graph = new GraphBuilder(model);
        List<String> chunks = new ArrayList<>(List.of(name("made.0")));
        feedForward.made(0, levels.get(0), chunks.get(0), graph, cuts);
        for (int level = 1; level < levels.size() - 1; level++) {
            String chunk = name("made." + level);
            model.nodes()
                    .add(
                            Gate.choose(
                                    chosen.from(index, level),
                                    chunk(graph, level),
                                    nothing(graph, level),
                                    List.of(chunk)));
            chunks.add(chunk);
        }
        model.nodes()
                .add(
                        Gate.choose(
                                chosen.from(index, levels.size() - 1),
                                widest(graph, chunks),
                                narrower(graph, chunks),
                                List.of(feedForward.output())));
    }

    private GraphProto chunk(GraphBuilder graph, int level) {
        GraphBuilder branch = graph.subgraph(name("chunk." + level));
        Gate.output(branch, chunk(level, branch));
        return branch.graph();
    }

    private String chunk(int level, GraphBuilder branch) {
        String chunk = name("chunk." + level);
        feedForward.made(levels.get(level - 1), levels.get(level), chunk, branch, cuts);
        return chunk;
    }

    /** A value of as many rows, each of no neurons. */
    private GraphProto nothing(GraphBuilder graph, int level) {
        GraphBuilder branch = graph.subgraph(name("nothing." + level));
        Gate.output(
                branch,
                branch.node(
                                "Slice",
                                feedForward.input(),
                                ChosenLevels.START,
                                ChosenLevels.START,
                                ChosenLevels.LAST)
                        .output(name("nothing." + level)));
        return branch.graph();
    }

    private GraphProto widest(GraphBuilder graph, List<String> narrower) {
        GraphBuilder branch = graph.subgraph(name("widest"));
        int last = levels.size() - 1;
        List<String> chunks = new ArrayList<>(narrower);
        chunks.add(chunk(last, branch));
        List<String> made = sorted(branch, chunks, ChosenLevels.SIZES_OF_ALL, ".widest");
        branch.model().nodes().addAll(feedForward.between(made, ".widest", constant -> constant));
        Gate.output(branch, sum(branch, feedForward.summed(made, ".widest"), last));
        return branch.graph();
    }

    /** Brings what one product makes in all chunks together. */
    private List<String> sorted(
            GraphBuilder branch, List<String> chunks, String sizes, String suffix) {
        int products = feedForward.products();
        String all = joined(branch, chunks, name("chunks" + suffix));
        if (products == 1) {
            return List.of(all);
        }
        String[] parts = new String[chunks.size() * products];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = name("part." + i + suffix);
        }
        branch.node("Split", all, sizes).attribute("axis", -1).outputs(parts);
        List<String> sorted = new ArrayList<>();
        for (int product = 0; product < products; product++) {
            List<String> own = new ArrayList<>();
            for (int i = product; i < parts.length; i += products) {
                own.add(parts[i]);
            }
            sorted.add(joined(branch, own, name("made." + product + suffix)));
        }
        return sorted;
    }

    private GraphProto narrower(GraphBuilder graph, List<String> chunks) {
        GraphBuilder branch = graph.subgraph(name("narrower"));
        String level = ChosenLevels.level(branch, index);
        List<String> made = sorted(branch, chunks, ChosenLevels.sizes(branch, level), ".narrower");
        branch.model()
                .nodes()
                .addAll(
                        feedForward.between(
                                made,
                                ".narrower",
                                constant ->
                                        branch.node(
                                                        "Slice",
                                                        constant,
                                                        ChosenLevels.START,
                                                        ChosenLevels.width(branch, level),
                                                        ChosenLevels.LAST)
                                                .output(name(constant))));
        String neurons = feedForward.summed(made, ".narrower");
        Gate.output(
                branch,
                levels.size() == 2
                        ? sum(branch, neurons, 0)
                        : oneOfTheSums(branch, neurons, level));
        return branch.graph();
    }

    /** Gives all rows to one sum and none to the others. */
    private String oneOfTheSums(GraphBuilder branch, String neurons, String level) {
        String shape = branch.node("Shape", feedForward.input()).output(name("shape"));
        String count =
                branch.node("Slice", shape, ChosenLevels.START, ChosenLevels.ONE)
                        .output(name("count"));
        String counts =
                branch.node("Mul", ChosenLevels.here(branch, level), count).output(name("counts"));
        int narrower = levels.size() - 1;
        String[] rows = new String[narrower];
        Arrays.setAll(rows, i -> name("rows." + i));
        branch.node("Split", neurons, counts).attribute("axis", 0).outputs(rows);
        String[] sums = new String[narrower];
        for (int i = 0; i < narrower; i++) {
            String shaped =
                    branch.node("Reshape", rows[i], ChosenLevels.shape(i))
                            .output(name("neurons." + i));
            sums[i] = sum(branch, shaped, i);
        }
        String all = branch.node("Concat", sums).attribute("axis", 0).output(name("sums"));
        return branch.node("Reshape", all, shape).output(name("narrower.sum"));
    }

    private String sum(GraphBuilder branch, String neurons, int level) {
        String sum = name("sum." + level);
        branch.model().nodes().add(feedForward.sum(neurons, levels.get(level), sum, cuts));
        return sum;
    }

    private static String joined(GraphBuilder branch, List<String> chunks, String name) {
        return chunks.size() == 1
                ? chunks.get(0)
                : branch.node("Concat", chunks.toArray(String[]::new))
                        .attribute("axis", -1)
                        .output(name);
    }

    private String name(String what) {
        return "elastic.layer." + index + "." + what;
    }
}
