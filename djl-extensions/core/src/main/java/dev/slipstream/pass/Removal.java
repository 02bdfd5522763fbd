package dev.slipstream.pass;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.graph.Tensor;
import dev.slipstream.runtime.GateNotes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Takes sub-layers out of a model for good: their weights leave the file, their products are not
 * computed, and the keys and values of an attention are not kept. What is left is an ordinary
 * smaller model, whose outputs are those of the whole one with the branches skipped.
 *
 * <p>{@code x + branch(norm(x))} becomes {@code x}, a bias behind the branch included. A norm that
 * is fused into the addition belongs to the stream and stays, as does the norm behind the addition
 * of a post-norm encoder: {@code norm(x + branch(x))} becomes {@code norm(x)}.
 */
public final class Removal {
    private final OnnxModel original;
    private final OnnxModel graph;
    private final SortedMap<SubLayerName, BranchAdd> removed = new TreeMap<>();
    private final Map<String, String> streams = new HashMap<>();
    private final Set<String> norms = new HashSet<>();

    private Removal(OnnxModel original, Collection<SubLayerName> names) {
        this.original = original;
        this.graph = original.copy();
        Anatomy anatomy = Anatomy.of(original);
        for (SubLayerName name : new TreeSet<>(names)) {
            removed.put(name, BranchAdd.of(name, subLayer(anatomy, name, original), original));
        }
    }

    /**
     * Takes sub-layers out.
     *
     * @param graph not changed
     * @param names of one or more sub-layers
     * @return a copy without them; what it dropped and renumbered of the keys and values is noted
     *     in its metadata, {@link CachedLayers#NOTE}
     * @throws PassException that names the sub-layer that cannot be taken out and says why
     */
    public static OnnxModel of(OnnxModel graph, Collection<SubLayerName> names) {
        if (!GateNotes.read(graph.metadata()).equals(GateNotes.none())) {
            throw new PassException(
                    "%s: expected a model without gates, found %s; take sub-layers out first and put gates in then"
                            .formatted(graph.name(), GateNotes.read(graph.metadata())));
        }
        Removal removal = new Removal(graph, names);
        removal.rewire();
        removal.graph.validate();
        return removal.graph;
    }

    /** Returns the sub-layers that have a name: the attentions and feed-forwards of all layers. */
    static SortedSet<SubLayerName> named(OnnxModel graph) {
        SortedSet<SubLayerName> names = new TreeSet<>();
        for (Layer layer : Anatomy.of(graph).layers()) {
            for (SubLayer subLayer : layer.subLayers()) {
                if (subLayer.kind() != SubLayer.Kind.OTHER) {
                    names.add(new SubLayerName(subLayer.kind(), layer.index()));
                }
            }
        }
        return names;
    }

    static SubLayer subLayer(Anatomy anatomy, SubLayerName name, OnnxModel graph) {
        Optional<Layer> layer =
                anatomy.layers().stream().filter(l -> l.index() == name.layer()).findFirst();
        Optional<SubLayer> found =
                layer.flatMap(
                        l ->
                                name.kind() == SubLayer.Kind.ATTENTION
                                        ? l.attention()
                                        : l.feedForward());
        if (found.isPresent()) {
            return found.get();
        }
        String reason = anatomy.unreadable().get(name.layer());
        if (reason == null) {
            reason =
                    layer.map(l -> "the layer has " + kinds(l))
                            .orElse("the model has layers " + indices(anatomy));
        }
        throw new PassException(
                "%s: %s: expected such a sub-layer, found none: %s"
                        .formatted(graph.name(), name, reason));
    }

    private static String kinds(Layer layer) {
        List<SubLayer.Kind> kinds = layer.subLayers().stream().map(SubLayer::kind).toList();
        return kinds.contains(SubLayer.Kind.OTHER)
                ? kinds + "; what mixes positions by other means than attention stays"
                : kinds.toString();
    }

    private static String indices(Anatomy anatomy) {
        return anatomy.layers().isEmpty()
                ? "none that can be read"
                : anatomy.layers().stream().map(Layer::index).toList().toString();
    }

    private void rewire() {
        Map<List<String>, BranchAdd> adds = new HashMap<>();
        for (BranchAdd add : removed.values()) {
            NodeProto node = add.node();
            adds.put(node.getOutputList(), add);
            String sum = BranchAdd.fused(node) ? BranchAdd.sum(node) : node.getOutput(0);
            if (!sum.isEmpty()) {
                streams.put(sum, add.stream());
            }
        }
        Set<String> results = new HashSet<>();
        graph.outputs().forEach(output -> results.add(output.getName()));
        graph.replaceNodes(
                node -> {
                    BranchAdd add = adds.get(node.getOutputList());
                    return add == null
                            ? List.of(onStreams(node))
                            : withoutBranch(add.node(), stream(add.stream()), results);
                });
        dropOutputs();
        graph.removeUnused();
        new NormFusion(graph).fuse(norms);
        graph.removeUnused();
        requireGone();
        new CachedLayers(graph, original).drop(removed);
    }

    /** Returns what stands for a value of the stream once the branches before it are gone. */
    private String stream(String value) {
        String stream = value;
        while (streams.containsKey(stream)) {
            stream = streams.get(stream);
        }
        return stream;
    }

    private NodeProto onStreams(NodeProto node) {
        if (node.getInputList().stream().noneMatch(streams::containsKey)) {
            return node;
        }
        NodeProto.Builder moved = node.toBuilder();
        for (int i = 0; i < node.getInputCount(); i++) {
            moved.setInput(i, stream(node.getInput(i)));
        }
        return moved.build();
    }

    private List<NodeProto> withoutBranch(NodeProto add, String stream, Set<String> results) {
        List<NodeProto> nodes = new ArrayList<>();
        String sum = add.getOutput(0);
        if (BranchAdd.fused(add)) {
            sum = BranchAdd.sum(add);
            if (!add.getOutput(0).isEmpty()) {
                norms.add(add.getOutput(0));
                nodes.add(NormFusion.apart(add, stream));
            }
        }
        if (results.contains(sum)) {
            nodes.add(
                    NodeProto.newBuilder()
                            .setName(sum)
                            .setOpType("Identity")
                            .addInput(stream)
                            .addOutput(sum)
                            .build());
        }
        return nodes;
    }

    private void dropOutputs() {
        for (BranchAdd add : removed.values()) {
            Set<String> inside = values(add);
            for (ValueInfoProto output : List.copyOf(graph.outputs())) {
                if (inside.contains(output.getName())) {
                    if (!CachedLayers.present(output.getName())) {
                        throw new PassException(
                                "%s: %s: expected keys and values alone among the graph's outputs, found %s, which it computes too"
                                        .formatted(graph.name(), add.name(), output.getName()));
                    }
                    graph.outputs().remove(output);
                }
            }
        }
    }

    /**
     * What others use of a branch, such as keys that layers share, keeps its weights in the file.
     */
    private void requireGone() {
        for (BranchAdd add : removed.values()) {
            Set<String> inside = values(add);
            for (NodeProto node : graph.nodes()) {
                if (node.getOutputList().stream().anyMatch(inside::contains)
                        && node.getInputList().stream().anyMatch(this::matrix)) {
                    throw new PassException(
                            "%s: %s: expected that nothing else uses what it computes, found that others need %s"
                                    .formatted(graph.name(), add.name(), node.getOutputList()));
                }
            }
        }
    }

    /** Mere sizes, such as a batch's, are often taken from the first layer for all. */
    private boolean matrix(String value) {
        Tensor tensor = graph.initializers().get(value);
        return tensor != null && tensor.shape().size() > 1;
    }

    private static Set<String> values(BranchAdd add) {
        Set<String> values = new HashSet<>();
        add.subLayer().nodes().forEach(node -> values.addAll(node.getOutputList()));
        values.remove("");
        return values;
    }
}
