package dev.slipstream.graph;

import static dev.slipstream.graph.SubLayer.Kind.ATTENTION;
import static dev.slipstream.graph.SubLayer.Kind.FEED_FORWARD;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.oracle.ExportedEncoder;
import dev.slipstream.oracle.OracleEncoder;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Encoders norm behind the add: LN(x + f(x)). */
class EncoderAnatomyTest {
    private static final int LAYERS = 3;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final OracleEncoder encoder = new OracleEncoder(LAYERS, 2, 4, random);

    @ParameterizedTest
    @EnumSource
    void readsEverySubLayer(ExportedEncoder.Form form) {
        OnnxModel model = ExportedEncoder.write(encoder, form);
        Anatomy anatomy = Anatomy.of(model);
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).extracting(Layer::index).containsExactly(0, 1, 2);
        String before = "embeddings.normed";
        for (Layer layer : anatomy.layers()) {
            assertThat(layer.subLayers())
                    .extracting(SubLayer::kind)
                    .containsExactly(ATTENTION, FEED_FORWARD);
            for (SubLayer subLayer : layer.subLayers()) {
                boolean attention = subLayer.kind() == ATTENTION;
                String name = "l" + layer.index() + (attention ? ".a" : ".f");
                assertThat(subLayer.input()).isEqualTo(before);
                assertThat(subLayer.output()).isEqualTo(name + ".add");
                assertThat(subLayer.residualAdd().getInputList().subList(0, 2)).contains(before);
                assertThat(subLayer.weights())
                        .filteredOn(weight -> weight.startsWith("l") || weight.startsWith("norm"))
                        .containsExactlyInAnyOrderElementsOf(
                                model.initializers().keySet().stream()
                                        .filter(weight -> weight.startsWith(name + "."))
                                        .filter(weight -> !weight.startsWith("constant"))
                                        .toList());
                before =
                        form == ExportedEncoder.Form.FUSED
                                ? subLayer.output()
                                : layer.index()
                                        + (attention ? ".attention" : ".output")
                                        + ".normed";
            }
        }
        assertThat(model.outputs().get(0).getName()).isEqualTo(before);
        assertClosed(model, anatomy);
    }

    @ParameterizedTest
    @EnumSource
    void readsTheSameWhereThePoolerComesFirst(ExportedEncoder.Form form) {
        OnnxModel model = ExportedEncoder.write(encoder, form);
        List<Layer> expected = Anatomy.of(model).layers();
        Collections.reverse(model.outputs());
        Collections.shuffle(model.nodes(), random);
        List<Layer> found = Anatomy.of(model).layers();
        for (int i = 0; i < LAYERS; i++) {
            for (int j = 0; j < 2; j++) {
                SubLayer one = expected.get(i).subLayers().get(j);
                SubLayer other = found.get(i).subLayers().get(j);
                assertThat(other.input()).as("seed %d", seed).isEqualTo(one.input());
                assertThat(other.nodes())
                        .as("seed %d", seed)
                        .containsExactlyInAnyOrderElementsOf(one.nodes());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void leavesThePoolerAside(ExportedEncoder.Form form) {
        OnnxModel model = ExportedEncoder.write(encoder, form);
        assertThat(
                        Anatomy.of(model).layers().stream()
                                .flatMap(layer -> layer.subLayers().stream())
                                .flatMap(subLayer -> subLayer.weights().stream()))
                .noneMatch(weight -> weight.startsWith("pooler"));
    }

    /** From a branch nothing but its add is fed. */
    private static void assertClosed(OnnxModel model, Anatomy anatomy) {
        for (Layer layer : anatomy.layers()) {
            for (SubLayer subLayer : layer.subLayers()) {
                for (NodeProto node : subLayer.nodes()) {
                    for (String output : node.getOutputList()) {
                        assertThat(model.consumers(output))
                                .allMatch(
                                        user ->
                                                subLayer.nodes().contains(user)
                                                        || user.equals(subLayer.residualAdd()));
                    }
                }
            }
        }
    }
}
