package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model whose sub-layers can be switched off by an input, so that thousands of removals are tried
 * on one open graph: each branch, its bias included, is multiplied with a number, 1 or 0. It
 * computes what is switched off, too; {@link Removal} is what saves.
 *
 * @param graph the copy with the further input
 * @param names the sub-layers, in the order of the input's elements
 */
record SubLayerMasks(OnnxModel graph, List<SubLayerName> names) {
    /** The further input: {@code FLOAT [sub-layers]}. */
    static final String INPUT = "sub_layer_masks";

    private static final Set<ElementType> NOT_SINGLE =
            EnumSet.of(ElementType.FLOAT16, ElementType.BFLOAT16, ElementType.DOUBLE);
    private static final int CAST_LIKE = 15;

    SubLayerMasks {
        names = List.copyOf(names);
    }

    /**
     * Puts the input in.
     *
     * @param original not changed
     * @param candidates the sub-layers that can be switched
     * @throws PassException that names the one that cannot
     */
    static SubLayerMasks of(OnnxModel original, Collection<SubLayerName> candidates) {
        OnnxModel graph = original.copy();
        List<SubLayerName> names = List.copyOf(new TreeSet<>(candidates));
        Anatomy anatomy = Anatomy.of(original);
        GraphBuilder builder = new GraphBuilder(graph);
        builder.input(INPUT, ElementType.FLOAT, names.size());
        Map<List<String>, NodeProto> masked = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            SubLayerName name = names.get(i);
            BranchAdd add = BranchAdd.of(name, Removal.subLayer(anatomy, name, original), original);
            String index = builder.initializer(INPUT + "." + name, Whole.scalar(i));
            String mask = builder.node("Gather", INPUT, index).output(INPUT + ".of." + name);
            NodeProto node = add.node();
            NodeProto.Builder switched = node.toBuilder();
            switched.setInput(
                    add.branch(), product(builder, node.getInput(add.branch()), mask, original));
            int bias = BranchAdd.fused(node) ? BranchAdd.bias(node) : node.getInputCount();
            if (bias < node.getInputCount() && !node.getInput(bias).isEmpty()) {
                switched.setInput(bias, product(builder, node.getInput(bias), mask, original));
            }
            masked.put(node.getOutputList(), switched.build());
        }
        graph.replaceNodes(node -> List.of(masked.getOrDefault(node.getOutputList(), node)));
        return new SubLayerMasks(graph, names);
    }

    /** Returns the input's value that switches some sub-layers off. */
    float[] without(Collection<SubLayerName> off) {
        float[] masks = new float[names.size()];
        for (int i = 0; i < masks.length; i++) {
            masks[i] = off.contains(names.get(i)) ? 0 : 1;
        }
        return masks;
    }

    private static String product(
            GraphBuilder builder, String value, String mask, OnnxModel original) {
        String factor = mask;
        if (original.initializers().values().stream()
                .anyMatch(t -> NOT_SINGLE.contains(t.type()))) {
            int opset = original.opsets().getOrDefault("", 1);
            if (opset < CAST_LIKE) {
                throw new PassException(
                        "%s: expected 32-bit floats or operator set %d, found other floats in operator set %d; export it anew with a later operator set"
                                .formatted(original.name(), CAST_LIKE, opset));
            }
            factor = builder.node("CastLike", mask, value).output(mask + ".cast");
        }
        return builder.node("Mul", value, factor).output(mask + ".product");
    }
}
