package dev.slipstream.pass;

import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.runtime.Effort;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Which levels a run has chosen. Conditions, which every run needs, are computed once for all
 * layers. What only narrow layers need is looked up in tables, in the branch that needs it: to
 * split such values for 30 layers took 0.04 ms a token, at full width too.
 *
 * @param from conditions, of each layer in turn: whether the level is this one or a wider one
 */
record ChosenLevels(List<String> from, int levels) {
    private static final String LAYER = "elastic.index.";
    private static final String SIZES = "elastic.sizes.by.level";
    private static final String HERE = "elastic.here.by.level";
    private static final String WIDTH = "elastic.width.by.level";

    /** First index, and first axis. */
    static final String START = "elastic.start";

    /** End of a slice of one. */
    static final String ONE = "elastic.one";

    /** The last axis. */
    static final String LAST = "elastic.last";

    /** What each product makes of each chunk, at the widest level. */
    static final String SIZES_OF_ALL = "elastic.sizes";

    /**
     * Writes it.
     *
     * @param levels widths in neurons, two or more
     * @param products how many products make neurons
     */
    static ChosenLevels write(GraphBuilder graph, int layers, List<Integer> levels, int products) {
        int narrower = levels.size() - 1;
        graph.initializer(START, Whole.of(0));
        graph.initializer(ONE, Whole.of(1));
        graph.initializer(LAST, Whole.of(-1));
        for (int layer = 0; layer < layers; layer++) {
            graph.initializer(LAYER + layer, Whole.scalar(layer));
        }
        for (int level = 0; level < narrower; level++) {
            graph.initializer(shape(level), Whole.of(-1, levels.get(level)));
        }
        tables(graph, levels, products);
        String column =
                graph.node(
                                "Reshape",
                                Effort.WIDTHS,
                                graph.initializer("elastic.column", Whole.of(-1, 1)))
                        .output("elastic.levels");
        long[] bounds = LongStream.range(0, narrower).toArray();
        String wider =
                graph.node("Greater", column, graph.initializer("elastic.below", Whole.of(bounds)))
                        .output("elastic.wider");
        return new ChosenLevels(split(graph, wider, layers * narrower), levels.size());
    }

    private static void tables(GraphBuilder graph, List<Integer> levels, int products) {
        int narrower = levels.size() - 1;
        int parts = narrower * products;
        long[] all = new long[parts + products];
        long[] sizes = new long[narrower * parts];
        long[] here = new long[narrower * narrower];
        for (int i = 0; i < all.length; i++) {
            int chunk = i / products;
            all[i] = levels.get(chunk) - (chunk == 0 ? 0 : levels.get(chunk - 1));
            for (int level = chunk; level < narrower; level++) {
                sizes[level * parts + i] = all[i];
            }
        }
        for (int level = 0; level < narrower; level++) {
            here[level * narrower + level] = 1;
        }
        graph.initializer(SIZES_OF_ALL, Whole.of(all));
        graph.initializer(SIZES, Whole.table(parts, sizes));
        graph.initializer(HERE, Whole.table(narrower, here));
        graph.initializer(
                WIDTH, Whole.table(1, levels.stream().mapToLong(Integer::longValue).toArray()));
    }

    private static List<String> split(GraphBuilder graph, String values, int count) {
        String flat =
                graph.node("Reshape", values, graph.initializer("elastic.flat", Whole.of(-1)))
                        .output(values + ".flat");
        if (count == 1) {
            return List.of(flat);
        }
        NodeBuilder split = graph.node("Split", flat);
        if (graph.model().opsets().get("") >= 18) {
            split.attribute("num_outputs", count);
        }
        return split.outputs(
                IntStream.range(0, count).mapToObj(i -> values + "." + i).toArray(String[]::new));
    }

    /** Returns the condition for a chunk of neurons, which a level adds. */
    String from(int layer, int level) {
        return from.get(layer * (levels - 1) + level - 1);
    }

    /** Writes the level of a layer. */
    static String level(GraphBuilder branch, int layer) {
        return branch.node("Gather", Effort.WIDTHS, LAYER + layer).output("elastic.level." + layer);
    }

    /** Writes what each product makes of each chunk but the last, at a narrower level. */
    static String sizes(GraphBuilder branch, String level) {
        return branch.node("Gather", SIZES, level).output(level + ".sizes");
    }

    /** Writes a 1 for a narrower level and 0 for all others. */
    static String here(GraphBuilder branch, String level) {
        return branch.node("Gather", HERE, level).output(level + ".here");
    }

    /** Writes the width, a vector of one. */
    static String width(GraphBuilder branch, String level) {
        return branch.node("Gather", WIDTH, level).output(level + ".width");
    }

    /** Returns the name of a shape: rows of a narrower level's neurons. */
    static String shape(int level) {
        return "elastic.shape." + level;
    }
}
