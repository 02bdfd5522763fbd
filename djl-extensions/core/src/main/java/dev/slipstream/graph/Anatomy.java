package dev.slipstream.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/**
 * Which nodes of a decoder or an encoder are which sub-layer. Such a model is a residual stream,
 * from the embedding to the logits or to the vectors of the tokens, to which attention and
 * feed-forward add; the stream is found by its adds, so that it doesn't matter who exported the
 * graph, what is fused, and whether norms stand before the branches or behind the adds. An
 * encoder's pooler adds nothing to the stream and is no sub-layer.
 *
 * <p>What does not have this form is reported, not guessed: see {@link #unreadable}. In a merged
 * export (the whole decoder twice, with and without past, in the branches of an {@code If}) the
 * branch that knows the past is read, and the nodes are those of the branch.
 *
 * <p>A picture of the model at the time of {@link #of}; later edits do not show.
 */
public final class Anatomy {
    private final List<Layer> layers;
    private final SortedMap<Integer, String> unreadable;
    private final long parameters;
    private final long bytes;
    private final Set<String> stored;

    private Anatomy(LayerReader reader, long parameters, long bytes, Set<String> stored) {
        this.layers = List.copyOf(reader.layers());
        this.unreadable = Collections.unmodifiableSortedMap(reader.unreadable());
        this.parameters = parameters;
        this.bytes = bytes;
        this.stored = Collections.unmodifiableSet(stored);
    }

    /**
     * Reads a model's anatomy.
     *
     * @param model any valid model; one without a residual stream has no layers
     * @throws GraphException if nodes wait for each other in a circle
     */
    public static Anatomy of(OnnxModel model) {
        DataFlow flow = new DataFlow(model.nodes(), model.initializers()::containsKey);
        SortedMap<String, Long> trained = Weights.of(model.nodes(), model.initializers(), flow);
        Map<Integer, List<Tensor>> bySize = new HashMap<>();
        long parameters = 0;
        long bytes = 0;
        Set<String> stored = new LinkedHashSet<>();
        for (Map.Entry<String, Tensor> entry : model.initializers().entrySet()) {
            Tensor tensor = entry.getValue();
            List<Tensor> alike =
                    bySize.computeIfAbsent(tensor.data().remaining(), n -> new ArrayList<>());
            if (ModelWriter.large(tensor)
                    && alike.stream().anyMatch(other -> other.data().equals(tensor.data()))) {
                continue;
            }
            alike.add(tensor);
            stored.add(entry.getKey());
            parameters += trained.getOrDefault(entry.getKey(), 0L);
            bytes += tensor.data().remaining();
        }
        return new Anatomy(LayerReader.read(model, flow), parameters, bytes, stored);
    }

    /** Returns the layers that could be read, in the order of the stream. */
    public List<Layer> layers() {
        return layers;
    }

    /**
     * Returns the layers that could not be read, by number, each with the reason; one of which a
     * part could be read is among {@link #layers} too. That a layer exists is known by weights
     * between two readable ones or by the inputs for its past.
     */
    public SortedMap<Integer, String> unreadable() {
        return unreadable;
    }

    /** Returns the number of trained values in the model, equal large tensors counted once. */
    public long parameters() {
        return parameters;
    }

    /** Returns the size of all initializers in bytes, equal large tensors counted once. */
    public long bytes() {
        return bytes;
    }

    /** Returns the names of the initializers whose sizes {@link #bytes} is the sum of. */
    public Set<String> stored() {
        return stored;
    }
}
