package dev.slipstream.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RotaryTablesTest {
    private final OnnxModel model = new OnnxModel("tables");
    private final GraphBuilder b = new GraphBuilder(model);

    private String table(String name, long positions) {
        return b.initializer(name, Tensors.weight(positions, 4));
    }

    private String microsoft(GraphBuilder graph, String cosines) {
        return graph.node(
                        "RotaryEmbedding",
                        "com.microsoft",
                        List.of("x", "position_ids", cosines, cosines))
                .output("turned");
    }

    @Test
    void aGraphWithoutTablesHasNoLimit() {
        assertThat(RotaryTables.positions(model)).isEmpty();
        // Computed cosines reach as far as they are asked to.
        microsoft(b, "computed");
        assertThat(RotaryTables.positions(model)).isEmpty();
    }

    @Test
    void theShortestTableOfEveryFormCounts() {
        microsoft(b, table("first", 90));
        assertThat(RotaryTables.positions(model)).hasValue(90);
        b.node("RotaryEmbedding", "x", table("second", 80), "second", "position_ids").output("t");
        assertThat(RotaryTables.positions(model)).hasValue(80);
        List<String> inputs = List.of("q", "k", "v", "pk", "pv", "s", "n", table("third", 70));
        b.node("GroupQueryAttention", "com.microsoft", inputs).output("mixed");
        assertThat(RotaryTables.positions(model)).hasValue(70);
    }

    @Test
    void branchesAreReadToo() {
        GraphBuilder branch = b.subgraph("with_past");
        branch.output(microsoft(branch, table("outer", 60)), ElementType.FLOAT);
        b.node("If", "use_cache_branch").attribute("then_branch", branch.graph()).output("y");
        assertThat(RotaryTables.positions(model)).hasValue(60);
    }
}
