package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.checkpoint.BlockQuantizer;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.QuantizedMatrix;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.NodeBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which nodes become native products, and which stay as they are. */
class NativeProductsTest {
    private static final String MICROSOFT = "com.microsoft";
    private static final int SIZE = 64;

    private final Random random = new Random(6);
    private final OnnxModel model = new OnnxModel("drawn");
    private final GraphBuilder graph = new GraphBuilder(model);

    @BeforeEach
    void begin() {
        graph.input("x", ElementType.FLOAT, 1, "rows", SIZE);
        graph.input("branch", ElementType.FLOAT, 1, "rows", SIZE);
        graph.initializer("norm.weight", floats(SIZE));
    }

    private QuantizedMatrix matrix(String name, int outputs, int inputs) {
        Tensor whole =
                new Tensor(
                        ElementType.FLOAT,
                        List.of((long) outputs, (long) inputs),
                        floats(outputs * inputs).data());
        QuantizedMatrix matrix = new BlockQuantizer(Precision.INT4).quantize(List.of(whole));
        graph.initializer(name + ".values", matrix.values());
        graph.initializer(name + ".scales", matrix.scales());
        return matrix;
    }

    private Tensor floats(int size) {
        ByteBuffer data =
                ByteBuffer.allocateDirect(size * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < size; i++) {
            data.putFloat(i * Float.BYTES, (float) random.nextGaussian());
        }
        return new Tensor(ElementType.FLOAT, List.of((long) size), data);
    }

    private String product(GraphBuilder where, String x, String name, int outputs, int inputs) {
        return matrix(name, outputs, inputs)
                .multiply(where, x, name + ".values", name + ".scales", name + ".out");
    }

    private List<String> skipNorm(String... outputs) {
        return graph.node(
                        "SkipSimplifiedLayerNormalization",
                        MICROSOFT,
                        List.of("x", "branch", "norm.weight"))
                .attribute("epsilon", 1e-6f)
                .outputs(outputs);
    }

    private void result(String value) {
        graph.output(value, ElementType.FLOAT, "a." + value, "b." + value, "c." + value);
    }

    private static List<String> operators(OnnxModel model) {
        return model.nodes().stream().map(NodeProto::getOpType).toList();
    }

    private void assertLeftAlone() {
        assertThat(NativeProducts.of(model)).isSameAs(model);
    }

    @Test
    void aSumItsNormAndAProductAreOneNode() {
        String normed = skipNorm("normed", "", "", "stream").get(0);
        result(product(graph, normed, "a", 40, SIZE));
        result("stream");
        List<String> before = operators(model);
        OnnxModel natively = NativeProducts.of(model);
        natively.validate();
        assertThat(operators(natively)).containsExactly("QuantizedMatMul");
        NodeProto node = natively.nodes().get(0);
        assertThat(node.getInputList())
                .containsExactly("x", "a.values.tiles", "branch", "norm.weight");
        assertThat(node.getOutputList()).containsExactly("a.out", "stream");
        assertThat(natively.opsets()).containsEntry("dev.slipstream", 1);
        assertThat(natively.initializers()).containsOnlyKeys("a.values.tiles", "norm.weight");
        // What was given stays as it was.
        assertThat(operators(model)).isEqualTo(before);
        assertThat(model.initializers()).containsKeys("a.values", "a.scales");
    }

    @Test
    void aNormThatOthersUseStays() {
        String normed = skipNorm("normed", "", "", "stream").get(0);
        result(product(graph, normed, "a", 40, SIZE));
        result(normed);
        OnnxModel natively = NativeProducts.of(model);
        natively.validate();
        assertThat(operators(natively)).containsExactly("RootMeanSquareNorm", "QuantizedMatMul");
        assertThat(natively.nodes().get(0).getInputList())
                .containsExactly("x", "branch", "norm.weight");
        assertThat(natively.nodes().get(0).getOutputList()).containsExactly("normed", "stream");
        assertThat(natively.nodes().get(1).getInputList())
                .containsExactly("normed", "a.values.tiles");
    }

    @Test
    void aNormWhoseStatisticsAreUsedStays() {
        List<String> outputs = skipNorm("normed", "", "deviation", "stream");
        result(product(graph, outputs.get(0), "a", 40, SIZE));
        result("deviation");
        assertThat(operators(NativeProducts.of(model)))
                .containsExactly("SkipSimplifiedLayerNormalization", "QuantizedMatMul");
    }

    @Test
    void aNormBeforeABranchStaysOutsideOfIt() {
        graph.input("wanted", ElementType.BOOL);
        String normed = skipNorm("normed", "", "", "stream").get(0);
        GraphBuilder then = graph.subgraph("then");
        then.output(product(then, normed, "a", SIZE, SIZE), ElementType.FLOAT, "i", "j", "k");
        GraphBuilder otherwise = graph.subgraph("else");
        otherwise.output(
                otherwise.node("Identity", "x").output("same"), ElementType.FLOAT, "i", "j", "k");
        graph.node("If", "wanted")
                .attribute("then_branch", then.graph())
                .attribute("else_branch", otherwise.graph())
                .output("chosen");
        result("chosen");
        result("stream");
        OnnxModel natively = NativeProducts.of(model);
        natively.validate();
        assertThat(operators(natively)).containsExactly("RootMeanSquareNorm", "If");
        NodeProto inside =
                natively.nodes().get(1).getAttributeList().stream()
                        .filter(attribute -> attribute.getName().equals("then_branch"))
                        .findFirst()
                        .orElseThrow()
                        .getG()
                        .getNode(0);
        assertThat(inside.getOpType()).isEqualTo("QuantizedMatMul");
        assertThat(inside.getInputList()).containsExactly("normed", "a.values.tiles");
    }

    private String gated(String x, int neurons, float alpha) {
        String gate = product(graph, x, "gate", neurons, SIZE);
        String up = product(graph, x, "up", neurons, SIZE);
        String silu =
                graph.node("QuickGelu", MICROSOFT, List.of(gate))
                        .attribute("alpha", alpha)
                        .output("silu");
        return graph.node("Mul", up, silu).output("gated");
    }

    @Test
    void aFeedForwardIsOneNode() {
        String normed = skipNorm("normed", "", "", "stream").get(0);
        result(product(graph, gated(normed, 96, 1), "down", SIZE, 96));
        result("stream");
        OnnxModel natively = NativeProducts.of(model);
        natively.validate();
        assertThat(operators(natively)).containsExactly("QuantizedFeedForward");
        assertThat(natively.nodes().get(0).getInputList())
                .containsExactly(
                        "x",
                        "gate.values.tiles",
                        "up.values.tiles",
                        "down.values.tiles",
                        "branch",
                        "norm.weight");
    }

    @Test
    void otherActivationsStay() {
        result(product(graph, gated("x", 96, 1.702f), "down", SIZE, 96));
        assertThat(operators(NativeProducts.of(model)))
                .containsExactly(
                        "QuantizedMatMul",
                        "QuantizedMatMul",
                        "QuickGelu",
                        "Mul",
                        "QuantizedMatMul");
    }

    @Test
    void neuronsThatOthersUseStay() {
        result(product(graph, gated("x", 96, 1), "down", SIZE, 96));
        result("gated");
        assertThat(operators(NativeProducts.of(model)))
                .containsExactly(
                        "QuantizedMatMul", "QuantizedMatMul", "GatedUnit", "QuantizedMatMul");
    }

    /** A product with one thing changed. */
    private void odd(int blockSize, int accuracy, List<String> furtherInputs) {
        QuantizedMatrix matrix = matrix("a", 40, SIZE);
        List<String> inputs = new ArrayList<>(List.of("x", "a.values", "a.scales"));
        inputs.addAll(furtherInputs);
        NodeBuilder node =
                graph.node("MatMulNBits", MICROSOFT, inputs)
                        .attribute("K", matrix.columns())
                        .attribute("N", matrix.rows())
                        .attribute("bits", 4)
                        .attribute("block_size", blockSize);
        if (accuracy > 0) {
            node.attribute("accuracy_level", accuracy);
        }
        result(node.output("a.out"));
    }

    @Test
    void aPlainProductIsReplaced() {
        odd(32, 4, List.of("", "", ""));
        assertThat(operators(NativeProducts.of(model))).containsExactly("QuantizedMatMul");
    }

    @Test
    void zeroPointsStay() {
        graph.input("zeros", ElementType.UINT8, 40, 1);
        odd(32, 4, List.of("zeros"));
        assertLeftAlone();
    }

    @Test
    void biasesStay() {
        graph.initializer("bias", floats(40));
        odd(32, 4, List.of("", "", "bias"));
        assertLeftAlone();
    }

    @Test
    void otherBlocksStay() {
        odd(64, 4, List.of());
        assertLeftAlone();
    }

    @Test
    void exactActivationsStay() {
        odd(32, 0, List.of());
        assertLeftAlone();
    }

    @Test
    void otherAccuracyStays() {
        odd(32, 1, List.of());
        assertLeftAlone();
    }

    @Test
    void weightsThatAreNotConstantStay() {
        graph.input("values", ElementType.UINT8, 40, 2, 16);
        graph.input("scales", ElementType.FLOAT, 40, 2);
        result(
                graph.node("MatMulNBits", MICROSOFT, List.of("x", "values", "scales"))
                        .attribute("K", SIZE)
                        .attribute("N", 40)
                        .attribute("bits", 4)
                        .attribute("block_size", 32)
                        .attribute("accuracy_level", 4)
                        .output("out"));
        assertLeftAlone();
    }

    /** Exports store equal tensors once: matrices may differ in one of both. */
    @Test
    void matricesMayShareScalesOrValues() {
        QuantizedMatrix a = matrix("a", SIZE, SIZE);
        matrix("b", SIZE, SIZE);
        result(a.multiply(graph, "x", "a.values", "a.scales", "one"));
        result(a.multiply(graph, "x", "b.values", "a.scales", "two"));
        result(a.multiply(graph, "x", "b.values", "b.scales", "three"));
        result(a.multiply(graph, "branch", "a.values", "a.scales", "four"));
        OnnxModel natively = NativeProducts.of(model);
        List<Tensor> tiles =
                natively.nodes().stream()
                        .map(node -> natively.initializers().get(node.getInput(1)))
                        .toList();
        assertThat(tiles.stream().distinct()).hasSize(3);
        assertThat(tiles.get(3)).isSameAs(tiles.get(0));
        assertThat(tiles.get(0)).isEqualTo(tiles(a, "a", "a"));
        assertThat(tiles.get(1)).isEqualTo(tiles(a, "b", "a"));
        assertThat(tiles.get(2)).isEqualTo(tiles(a, "b", "b"));
    }

    private Tensor tiles(QuantizedMatrix like, String values, String scales) {
        return PanelPacking.pack(
                model.initializers().get(values + ".values"),
                model.initializers().get(scales + ".scales"),
                (int) like.rows(),
                2,
                like.bits());
    }

    private void table(QuantizedMatrix rows, String scales, ElementType ids) {
        graph.input("ids", ids, 1, "n");
        graph.initializer("rows", rows.rowsOfBytes());
        result(rows.lookUp(graph, "ids", "rows", scales, "embedded"));
    }

    @Test
    void aTableSharesTheTilesOfAProduct() {
        result(product(graph, "x", "a", 40, SIZE));
        QuantizedMatrix same =
                new QuantizedMatrix(
                        model.initializers().get("a.values"),
                        model.initializers().get("a.scales"),
                        SIZE,
                        4);
        table(same, "a.scales", ElementType.INT64);
        OnnxModel natively = NativeProducts.of(model);
        assertThat(operators(natively)).containsExactly("QuantizedMatMul", "QuantizedGather");
        assertThat(natively.nodes().get(1).getInputList()).containsExactly("ids", "a.values.tiles");
        assertThat(natively.initializers()).containsOnlyKeys("a.values.tiles");
    }

    @Test
    void otherTablesStay() {
        result(product(graph, "x", "a", 40, SIZE));
        // The scales of the product, but other values.
        table(matrix("b", 40, SIZE), "a.scales", ElementType.INT64);
        assertThat(operators(NativeProducts.of(model)))
                .containsExactly("QuantizedMatMul", "GatherBlockQuantized");
    }

    @Test
    void tablesForShortIdsStay() {
        result(product(graph, "x", "a", 40, SIZE));
        QuantizedMatrix same =
                new QuantizedMatrix(
                        model.initializers().get("a.values"),
                        model.initializers().get("a.scales"),
                        SIZE,
                        4);
        table(same, "a.scales", ElementType.INT32);
        assertThat(operators(NativeProducts.of(model)))
                .containsExactly("QuantizedMatMul", "GatherBlockQuantized");
    }
}
