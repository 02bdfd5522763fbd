package dev.slipstream.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ModelCheckTest {
    @Test
    void acceptsAndSortsRandomGraphsInAnyOrder() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 100; i++) {
            OnnxModel model = OnnxModelTest.randomModel(random);
            model.validate();
            Set<NodeProto> before = new HashSet<>(model.nodes());
            model.sort();
            assertThat(new HashSet<>(model.nodes())).as("seed %d", seed).isEqualTo(before);
            Set<String> known = new HashSet<>(model.initializers().keySet());
            model.inputs().forEach(input -> known.add(input.getName()));
            for (NodeProto node : model.nodes()) {
                assertThat(known).as("seed %d", seed).containsAll(usedWithin(node));
                known.addAll(node.getOutputList());
            }
            List<NodeProto> sorted = List.copyOf(model.nodes());
            model.sort();
            assertThat(model.nodes()).as("a sorted graph stays, seed %d", seed).isEqualTo(sorted);
        }
    }

    /** The test's own notion: an If's branches use one outer value each, in their only node. */
    private static Set<String> usedWithin(NodeProto node) {
        Set<String> used = new HashSet<>(node.getInputList());
        node.getAttributeList().stream()
                .filter(attribute -> attribute.hasG())
                .forEach(attribute -> used.add(attribute.getG().getNode(0).getInput(0)));
        return used;
    }

    @Test
    void namesTheNodesOfACircle() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 50; i++) {
            OnnxModel model = new OnnxModel("m");
            GraphBuilder builder = new GraphBuilder(model);
            builder.input("x", ElementType.FLOAT);
            int length = 1 + random.nextInt(5);
            for (int j = 0; j < length; j++) {
                model.nodes().add(node("c" + j, "c" + (j + 1) % length, "x"));
            }
            for (int j = 0; j < 20; j++) {
                model.nodes().add(node("free" + j, j == 0 ? "x" : "free" + (j - 1), "x"));
                model.nodes().add(node("behind" + j, "c0", "x"));
            }
            Collections.shuffle(model.nodes(), random);
            assertThatThrownBy(model::validate)
                    .as("seed %d", seed)
                    .isInstanceOf(GraphException.class)
                    .satisfies(e -> assertCircle(String.valueOf(e.getMessage()), length));
        }
    }

    private static void assertCircle(String message, int length) {
        String[] names = message.replaceAll(".*circle: (.*); break it", "$1").split(" => ");
        assertThat(names).hasSize(length + 1);
        assertThat(names[0]).isEqualTo(names[length]);
        for (int i = 0; i < length; i++) {
            int from = Integer.parseInt(names[i].substring(1));
            // Node j uses the value of node j + 1, so values flow from j + 1 to j.
            assertThat(names[i + 1]).isEqualTo("c" + (from + length - 1) % length);
        }
        assertThat(new HashSet<>(Arrays.asList(names))).hasSize(length);
    }

    @Test
    void namesValuesThatAreMissingOrMadeTwice() {
        OnnxModel missing = withInput();
        missing.nodes().add(node("a", "x", "ghost"));
        assertRefused(missing, "node a", "ghost");

        OnnxModel twice = withInput();
        twice.nodes().add(node("a", "x", "x"));
        twice.nodes().add(node("a", "x", "x").toBuilder().setName("b").build());
        assertRefused(twice, "value a", "node a", "node b");

        OnnxModel input = withInput();
        input.nodes().add(node("x", "x", "x"));
        assertRefused(input, "value x", "input");

        OnnxModel output = withInput();
        new GraphBuilder(output).output("ghost", ElementType.FLOAT);
        assertRefused(output, "output", "ghost");

        OnnxModel domain = withInput();
        domain.nodes().add(node("a", "x", "x").toBuilder().setDomain("acme").build());
        assertRefused(domain, "node a", "'acme'");
    }

    @Test
    void looksIntoSubgraphsWithTheirOuterValues() {
        OnnxModel model = withInput();
        GraphBuilder builder = new GraphBuilder(model);
        GraphBuilder branch = builder.subgraph("then");
        branch.output(branch.node("Add", "x", "outer").output("inner"), ElementType.FLOAT);
        String y = builder.node("If", "x").attribute("then_branch", branch.graph()).output("y");
        assertRefused(model, "subgraph of node y", "node inner", "outer");

        String outer = builder.node("Neg", "x").output("outer");
        model.validate();
        assertThat(model.consumers(outer)).extracting(NodeProto::getName).containsExactly(y);
        assertThat(model.consumers("inner")).isEmpty();
        assertThat(model.producer(outer)).map(NodeProto::getOpType).contains("Neg");
        assertThat(model.producer("x")).isEmpty();
        model.sort();
        assertThat(model.nodes()).extracting(NodeProto::getName).containsExactly(outer, y);

        model.nodes().set(0, node("outer", "x", "y"));
        assertRefused(model, "outer => y => outer");
    }

    private static void assertRefused(OnnxModel model, String... parts) {
        assertThatThrownBy(model::validate)
                .isInstanceOf(GraphException.class)
                .hasMessageContainingAll(parts);
    }

    private static OnnxModel withInput() {
        OnnxModel model = new OnnxModel("m");
        new GraphBuilder(model).input("x", ElementType.FLOAT);
        return model;
    }

    private static NodeProto node(String output, String... inputs) {
        return NodeProto.newBuilder()
                .setOpType("Add")
                .setName(output)
                .addAllInput(List.of(inputs))
                .addOutput(output)
                .build();
    }
}
