package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.OnnxModel;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Takes norms and additions to the residual stream apart, and joins them anew. */
final class NormFusion {
    /** What the fused operators take where none is given; the plain ones take another. */
    private static final float USUAL_EPSILON = 1e-12f;

    private final OnnxModel graph;

    NormFusion(OnnxModel graph) {
        this.graph = graph;
    }

    /** Returns the norm of a fused node alone, of what would be its sum without the branch. */
    static NodeProto apart(NodeProto fused, String stream) {
        NodeProto.Builder norm =
                NodeProto.newBuilder()
                        .setName(fused.getName())
                        .setOpType(BranchAdd.norm(fused))
                        .addInput(stream)
                        .addOutput(fused.getOutput(0))
                        .addAttribute(Attributes.of("axis", -1))
                        .addAttribute(epsilon(fused));
        int last = Math.min(BranchAdd.bias(fused), fused.getInputCount());
        fused.getInputList().subList(2, last).forEach(norm::addInput);
        return norm.build();
    }

    /**
     * Puts norms into the additions that they stand behind, where the norms that were there served
     * only what was removed.
     *
     * @param norms the outputs of norms that were taken apart
     */
    void fuse(Set<String> norms) {
        for (String output : norms) {
            Optional<NodeProto> norm = graph.producer(output);
            if (norm.isPresent()) {
                graph.producer(norm.get().getInput(0))
                        .filter(add -> idle(add, norm.get()))
                        .ifPresent(add -> join(add, norm.get()));
            }
        }
    }

    /** Tells whether an addition's own norm, of the same kind, is used by nobody. */
    private boolean idle(NodeProto add, NodeProto norm) {
        if (!BranchAdd.fused(add)
                || !BranchAdd.norm(add).equals(norm.getOpType())
                || !BranchAdd.sum(add).equals(norm.getInput(0))) {
            return false;
        }
        Set<String> results = new HashSet<>();
        graph.outputs().forEach(output -> results.add(output.getName()));
        return graph.consumers(add.getOutput(0)).isEmpty() && !results.contains(add.getOutput(0));
    }

    private void join(NodeProto add, NodeProto norm) {
        NodeProto.Builder joined =
                add.toBuilder()
                        .setOutput(0, norm.getOutput(0))
                        .setInput(2, norm.getInput(1))
                        .clearAttribute();
        if (norm.getInputCount() > 2) {
            joined.setInput(3, norm.getInput(2));
        } else if (BranchAdd.bias(add) > 3 && add.getInputCount() > 3) {
            joined.setInput(3, "");
        }
        add.getAttributeList().stream()
                .filter(attribute -> !attribute.getName().equals("epsilon"))
                .forEach(joined::addAttribute);
        joined.addAttribute(epsilon(norm));
        graph.nodes().remove(norm);
        graph.nodes().set(graph.nodes().indexOf(add), joined.build());
    }

    private static AttributeProto epsilon(NodeProto node) {
        return Attributes.of("epsilon", Attributes.real(node, "epsilon", USUAL_EPSILON));
    }
}
