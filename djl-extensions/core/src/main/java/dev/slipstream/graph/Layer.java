package dev.slipstream.graph;

import java.util.List;
import java.util.Optional;

/**
 * One layer of a decoder or an encoder.
 *
 * @param index its number from 0; as in the names of its key/value inputs where they say one
 * @param subLayers one or more steps of the residual stream, in order
 */
public record Layer(int index, List<SubLayer> subLayers) {
    /** Checks that there is a sub-layer. */
    public Layer {
        subLayers = List.copyOf(subLayers);
        if (index < 0 || subLayers.isEmpty()) {
            throw new IllegalArgumentException(
                    "expected an index from 0 and a sub-layer, found %d and %d sub-layers"
                            .formatted(index, subLayers.size()));
        }
    }

    /** Returns the attention; empty in a layer that mixes positions otherwise or not at all. */
    public Optional<SubLayer> attention() {
        return first(SubLayer.Kind.ATTENTION);
    }

    /** Returns the feed-forward; empty in a layer without. */
    public Optional<SubLayer> feedForward() {
        return first(SubLayer.Kind.FEED_FORWARD);
    }

    private Optional<SubLayer> first(SubLayer.Kind kind) {
        return subLayers.stream().filter(subLayer -> subLayer.kind() == kind).findFirst();
    }
}
