package dev.slipstream.pass;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.runtime.Effort;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Ends for {@code Slice}: for each layer and level, all rows or none.
 *
 * @param from levels from this one on; whether a chunk of neurons is needed
 * @param exactly this level; whether the neurons so far are summed up
 */
record RowEnds(List<String> from, List<String> exactly, int levels) {
    static RowEnds write(GraphBuilder graph, int layers, int levels) {
        String column =
                graph.node(
                                "Reshape",
                                Effort.WIDTHS,
                                graph.initializer("elastic.column", Whole.of(-1, 1)))
                        .output("elastic.levels");
        long[] bounds = LongStream.range(0, levels - 1).toArray();
        String below = graph.initializer("elastic.below", Whole.of(bounds));
        graph.initializer("elastic.all", Whole.of(Long.MAX_VALUE));
        graph.initializer("elastic.flat", Whole.of(-1));
        graph.initializer("elastic.start", Whole.of(0));
        return new RowEnds(
                split(
                        graph,
                        graph.node("Greater", column, below).output("elastic.wider"),
                        layers * (levels - 1)),
                split(
                        graph,
                        graph.node("Equal", column, below).output("elastic.here"),
                        layers * (levels - 1)),
                levels);
    }

    private static List<String> split(GraphBuilder graph, String flags, int count) {
        String numbers =
                graph.node("Cast", flags)
                        .attribute("to", ElementType.INT64.code())
                        .output(flags + ".numbers");
        String ends = graph.node("Mul", numbers, "elastic.all").output(flags + ".ends");
        String flat = graph.node("Reshape", ends, "elastic.flat").output(flags + ".flat");
        if (count == 1) {
            return List.of(flat);
        }
        NodeBuilder split = graph.node("Split", flat);
        if (graph.model().opsets().get("") >= 18) {
            split.attribute("num_outputs", count);
        }
        return split.outputs(
                IntStream.range(0, count).mapToObj(i -> flags + "." + i).toArray(String[]::new));
    }

    /** Returns the end of the rows for which a chunk of neurons is needed. */
    String from(int layer, int level) {
        return from.get(layer * (levels - 1) + level - 1);
    }

    /** Returns the end of the rows whose neurons are summed up at a level but the last. */
    String exactly(int layer, int level) {
        return exactly.get(layer * (levels - 1) + level);
    }
}
