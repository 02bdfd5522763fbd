package dev.slipstream.runtime;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A process that opens one graph and says how much memory that took. */
final class GateFootprint {
    private GateFootprint() {}

    /**
     * Opens a graph and decodes a token.
     *
     * @param arguments precision and gates
     */
    public static void main(String[] arguments) throws Exception {
        GateCostTest.Gates gates = GateCostTest.Gates.valueOf(arguments[1]);
        OnnxModel graph = gates.of(DrawnSmolLm.graph(Precision.valueOf(arguments[0])));
        graph.removeUnused();
        // So that what the graph was made from is not taken for free memory by the session.
        System.gc();
        System.gc();
        long distinct = Anatomy.of(graph).bytes();
        long before = anonymous();
        try (OneToken session = new OneToken(graph, Map.of())) {
            session.run();
            System.out.printf(
                    "%s: weights of %.1f MB, session %+.1f MB%n",
                    gates, distinct / 1e6, (anonymous() - before) / 1e6);
        }
    }

    private static long anonymous() throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("RssAnon:")) {
                return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IllegalStateException("no RssAnon in /proc/self/status");
    }
}
